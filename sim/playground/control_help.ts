/** The help of the control API. */

/** The calls of the control API, for `deno task cluster --help`. */
export const CONTROL_HELP =
  `Control API: GET or POST, parameters in the query or as a form. Lists are separated by commas; what
is marked JSON is written as in the example; times are RFC 3339 or a duration from now, such as 4h.

Requests
  /create             user, roles, reviewers, reason; n: how many (answers the ids);
                      approve, deny: reviews that decide, or
                      thresholds      JSON [{"name":"two","approve":2,"deny":1}]
                      role_thresholds JSON {"dev":[[0],[1]]}
                      resources       /cluster/kind/name or JSON [{"kind":"app","name":"aws",
                                      "aws_console":["arn:..."]}] (ssh, windows_desktop, database)
                      resources_in    14, 26 or both: the fields that hold them
                      expires, access_expires, max_duration, session_ttl, assume_start  times
                      kind            short or long; of long: access_list, validation
                      annotations     JSON {"team":["a"]}; login_hint
  /review             id, author, state, reason, assume_start, submitted_by; access_list, title
  /approve, /deny     id, reason, assume_start
  /resolve            the same, with state: APPROVED, DENIED or PROMOTED
  /promote            id, name and title of the access list, reason
  /expire, /delete    id
  /requests           answers all of them

Rules and directory
  /rule               name, condition, recipients, notification (default email, empty: none),
                      subjects, states, desired_state, automatic_review (integration), decision,
                      reason, schedules JSON {"office":{"timezone":"Europe/Berlin","shifts":
                      [{"weekday":"Monday","start":"09:00","end":"17:00"}]}}; a rule is validated
                      as by a server. silent=1: no event; unchecked=1: skips the validation
  /rule/delete        name, silent
  /rules              answers all of them
  /user               name, state (login, user, none, denied), traits JSON {"team":["a"]},
                      static_traits, roles
  /resource           kind (node, app, db, kube_cluster, windows_desktop, user_group), name,
                      hostname, description, labels JSON {"env":"prod"}, dynamic
  /resource/delete    kind, name
  /access_list        name, title, description, owners (list:NAME = owners of another list), roles,
                      next_audit (a time), notify (before it, default 336h), months, members
  /access_list/delete name

Faults
  /forbid             kind; on=0 ends it: no role may list or read it
  /old                on=0 ends it: the server is Teleport 9
  /drop               ends all watches
  /goaway             the server sends GOAWAY
  /rotate             phase: update_clients, then update_servers, then standby (a new host CA)
  /renew              ttl: signs a new identity

Results
  /mails, /data (plugin data), /stats
`;
