/**
 * The built-in subject and text templates. For reviewers they give the original's mails byte for
 * byte (original.md §6.2, §6.4) unless `delivery.details` is set: no line end after the last line, except
 * in a review without a reason.
 */

/** The original calls every request a role request. */
const REQUEST = "{% if show_details %}{{ request_type }}" +
  "{% if details.is_long_term %} (long-term){% endif %}{% else %}Role Request{% endif %}";

const FACTS = `\
ID: {{ id }}
Cluster: {{ cluster }}
{% if user %}User: {{ user }}
{% endif %}{% if roles %}Role(s): {{ roles | join: "," }}
{% endif %}{% if reason %}Reason: {{ reason }}
{% endif %}`;

const line = (name: string, variable: string, value = `{{ ${variable} }}`) =>
  `{% if ${variable} %}${name}: ${value}\n{% endif %}`;
const names = (name: string, variable: string) =>
  line(name, variable, `{{ ${variable} | join: ", " }}`);

const RESOURCES = `\
{% if details.resources %}Resources:
{% for resource in details.resources %}- {{ resource.kind }} {{ resource.name }}\
{% if resource.labels %} [{{ resource.labels }}]{% endif %}\
{% if resource.limited_to %} ({{ resource.limited_to }}){% endif %}
  {{ resource.path }}
{% endfor %}{% if details.more_resources %}- and {{ details.more_resources }} more
{% endif %}{% endif %}`;

/** One line where all roles need the same, else one for each group of roles. */
const approvals = (name: string, what: string) =>
  `\
{% for approval in details.approvals %}{% if approval.${what} %}${name}\
{% if approval.roles %} ({{ approval.roles }}){% endif %}: {{ approval.${what} }}
{% endif %}{% endfor %}`;

const DETAILS = RESOURCES +
  line("Term", "details.term") +
  line("Login hint", "details.login_hint") +
  line("Access list", "details.recommended_access_list") +
  line("Cannot be granted", "details.grouping_problem") +
  line("Maximum duration", "details.max_duration") +
  line("Access starts", "details.access_starts") +
  line("Access ends", "details.access_ends") +
  line("Session length", "details.session_length");

const ASKED = '{% if audience == "requester" %}' + names("Asked to review", "details.reviewers") +
  "{% else %}" + names("Also asked to review", "details.reviewers") + "{% endif %}";

const OPEN_DETAILS = "{% if show_details %}" + DETAILS +
  line("Decide before", "details.decide_before") +
  approvals("Approvals", "progress") +
  ASKED +
  line("Requested", "details.requested") +
  "{% endif %}";

const CLOSED_DETAILS = "{% if show_details %}" + RESOURCES +
  line("Term", "details.term") +
  names("Granted role(s)", "details.granted_roles") +
  names("Decided by", "details.decided_by") +
  line("Decided", "details.decided") +
  line("Expired", "details.expired") +
  approvals("Approvals", "progress") +
  line("Access list", "details.access_list") +
  '{% if status.state == "APPROVED" %}' +
  line("Access starts", "details.access_starts") +
  line("Access ends", "details.access_ends") +
  "{% endif %}{% endif %}";

const LINK = `{% if link %}Link: {{ link }}
{% endif %}`;

/** Only the promotion to an access list grants a long-term request, and no command does that. */
const LINK_OR_COMMANDS = `{% if link %}Link: {{ link }}
{% elsif status.state == "PENDING" %}\
{% if details.is_long_term %}Approve: promote it to an access list in the web UI
{% else %}Approve: tsh request review --approve {{ id }}
{% endif %}Deny: tsh request review --deny {{ id }}
{% endif %}`;

const LOGIN = `{% if show_details and status.state == "APPROVED" %}\
Log in: tsh login --request-id={{ id }}
{% endif %}`;

const ENDING_DETAILS = "{% if show_details %}" + RESOURCES +
  line("Term", "details.term") +
  names("Granted role(s)", "details.granted_roles") +
  "{% endif %}" +
  line("Access ends", "details.access_ends");

const STATUS = `
Status: {{ status.emoji }} {{ status.state }}\
{% if status.reason %} ({{ status.reason }}){% endif %}`;

const CORRECTION = `{% if correction %}

{{ correction }}{% endif %}`;

/** What Go prints for a time that was never set. */
const GO_ZERO_TIME = "01 Jan 01 00:00 UTC";

const REVIEW_DETAILS = "{% if show_details %}{% if review.reason %}\n{% endif %}\n" +
  "Request: {% if user %}{{ user }}, {% endif %}{{ summary }}\n" +
  line("Reviewed", "review.at") +
  line("Submitted by", "review.submitted_by") +
  line("Access starts", "review.access_starts") +
  line("Access list", "review.access_list") +
  approvals("Still missing", "missing") +
  line("Decide before", "details.decide_before") +
  LINK +
  "{% endif %}";

const open = (heading: string, action: string) =>
  `${heading}:\n\n${FACTS}${OPEN_DETAILS}${action}${STATUS}`;
const closed = (heading: string, action: string) =>
  `${heading}:\n\n${FACTS}${CLOSED_DETAILS}${action}${STATUS}${CORRECTION}`;

const ACCESS_LISTS = `\
{% for list in access_lists %}- {{ list.title }}{% if list.members %} ({{ list.members }}){% endif %}
  {% if list.is_overdue %}Review overdue{% else %}Review due{% endif %}: {{ list.due }}
{% if list.link %}  Link: {{ list.link }}
{% endif %}{% endfor %}\
{% if more_access_lists %}- and {{ more_access_lists }} more
{% endif %}`;

export const BUILTIN_TEXT = {
  "subject.txt": "{{ cluster }} {{ request_type }} {{ id }}",
  "access-list-review-subject.txt": "{{ cluster }} Access list review: " +
    "{{ access_lists[0].title }}{% if access_lists.size > 1 %} and " +
    "{{ access_lists.size | minus: 1 | plus: more_access_lists }} more{% endif %}",
  "new.txt": open(`You have a new ${REQUEST}`, LINK_OR_COMMANDS),
  "review.txt":
    `{{ review.author }} reviewed the request at {{ review.created | default: "${GO_ZERO_TIME}" }}.
Resolution: {{ review.emoji }} {{ review.state }}.
{% if review.reason %}Reason: {{ review.reason }}.{% endif %}${REVIEW_DETAILS}`,
  "resolution.txt": closed(`${REQUEST} has been resolved`, LINK_OR_COMMANDS),
  "reopened.txt": open(`${REQUEST} is open again`, LINK_OR_COMMANDS) + CORRECTION,
  "reminder.txt": open(`A ${REQUEST} is still waiting for your review`, LINK_OR_COMMANDS),
  "requester-new.txt": open(`Your ${REQUEST} has been submitted`, LINK),
  "requester-resolution.txt": closed(`Your ${REQUEST} has been resolved`, LOGIN + LINK),
  "requester-reopened.txt": open(`Your ${REQUEST} is open again`, LINK) + CORRECTION,
  "requester-access-ending.txt":
    `Access from your ${REQUEST} ends soon:\n\n${FACTS}${ENDING_DETAILS}${LINK}${STATUS}

If you need it for longer, make a new request.`,
  "access-list-review.txt":
    `You own access lists whose members are due for review:\n\n${ACCESS_LISTS}
Cluster: {{ cluster }}`,
} as const;
