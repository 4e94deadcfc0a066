/**
 * What `configure` prints: the original's defaults (original.md §2.5) and the paths of docs/install.md, in a
 * file that loads once one mail section is filled in, with its angle brackets replaced
 * (`values/fields.ts`). A `#` without a space after it disables a setting, shown with its default; `# `
 * starts an explanation.
 */
export const EXAMPLE = `# Example email plugin configuration TOML file
#
# 1. Choose one of [smtp] and [mailgun]: remove the # in front of its header and of the settings
#    that you need, and replace its texts in angle brackets, such as <your mail server>.
# 2. Set the address of the cluster, the sender and the recipients.
# Settings behind a # show their defaults. Durations are written as "30s" or "1h30m".
# A file path may be "credential:NAME", for LoadCredential=NAME:PATH in the systemd unit.

[teleport]
# host:port of the Teleport Auth Service or the Proxy Service, for example
# "teleport.example.com:443" or "auth.example.com:3025".
addr = "0.0.0.0:3025"

# Credentials: an identity file made with tctl auth sign or tbot ...
identity = "/var/lib/teleport-email/identity"
# ... which is used again as soon as something renews it.
refresh_identity = true
#refresh_identity_interval = "1m"

# Or, instead of the identity file, three files made with tctl auth sign --format=tls.
#client_key = "/var/lib/teleport-email/auth.key"
#client_crt = "/var/lib/teleport-email/auth.crt"
#root_cas = "/var/lib/teleport-email/auth.cas"

# The connection method: "auto" finds one that works; "direct", "upgrade" (behind a load balancer
# that terminates TLS) or "ssh" (tunnel).
#via = "auto"
# PEM file for the public certificate of the proxy or load balancer; the system's roots without it.
#web_root_cas = "/etc/ssl/certs/proxy-ca.pem"

# --- Email by SMTP --------------------------------------------------------------------------
#[smtp]
# A mail service, which fills in host, port, TLS and known limits: "microsoft365", "google",
# "ses:eu-west-1" (any region), "sendgrid", "postmark", "mailgun-smtp:us", "mailgun-smtp:eu".
#service = "microsoft365"
# Or a mail server of your own.
#host = "<your mail server>"
# 587 for STARTTLS, 465 for implicit TLS.
#port = 587
# Omit user name and password for a relay without login.
#username = "<user name>"
#password = "<password>"
# Instead of password; read each time it is needed.
#password_file = "/var/lib/teleport-email/smtp_password"
# Send nothing where the server offers no login.
#require_auth = false
# "mandatory", "opportunistic" (only if the server offers it) or "disabled".
#starttls_policy = "mandatory"
# Implicit TLS (from the first byte); by default on port 465 only.
#implicit_tls = false
# TLS details: PEM file of the server's CA, the name in its certificate, no verification, a client
# certificate.
#root_cas = "/etc/ssl/certs/mail-ca.pem"
#server_name = "mail.example.com"
#insecure_skip_verify = false
#client_crt = "/var/lib/teleport-email/smtp.crt"
#client_key = "/var/lib/teleport-email/smtp.key"
# "plain", "login" or "cram-md5"; negotiated without it.
#auth_method = "plain"
# Name in the EHLO greeting; the sender's domain without it.
#hello_name = "teleport.example.com"
# How long the server may take to greet and to take a recipient.
#timeout = "5m"
# Limits; no limit of messages a second without the last.
#max_connections = 10
# As many as the server takes, without it.
#max_messages_per_connection = 10
#max_messages_per_second = 5

# Access tokens (OAuth 2.0) in place of a password; smtp.username is the mailbox.
#[smtp.oauth2]
# "microsoft" or "google"; comes with smtp.service. Any other with token_url.
#provider = "microsoft"
# Microsoft: the tenant's id or domain, and the application.
#tenant = "example.onmicrosoft.com"
#client_id = "00000000-0000-0000-0000-000000000000"
# What the application authenticates with: one of these.
#client_secret = "<client secret>"
#client_secret_file = "/var/lib/teleport-email/oauth2_secret"
#client_certificate = "/var/lib/teleport-email/oauth2.crt"
#client_key = "/var/lib/teleport-email/oauth2.key"
#federated_token_file = "/var/run/secrets/azure/tokens/azure-identity-token"
# Google: the key file of a service account with domain-wide delegation.
#service_account_file = "/var/lib/teleport-email/service_account.json"
# Others, and national clouds.
#token_url = "https://idp.example.com/oauth2/token"
#client_auth = "client_secret_post"
#grant = "client_credentials"
#refresh_token_file = "/var/lib/teleport-email/oauth2_refresh_token"
#scope = "https://outlook.office365.com/.default"
# Or a file with an access token that something else renews.
#access_token_file = "/run/teleport-email/access_token"
# PEM file with the CA of a private token endpoint.
#root_cas = "/etc/ssl/certs/idp-ca.pem"

# --- Email by Mailgun -----------------------------------------------------------------------
#[mailgun]
#domain = "<your Mailgun domain>"
#private_key = "<your Mailgun key>"
# Instead of private_key; read each time it is needed.
#private_key_file = "/var/lib/teleport-email/mailgun_private_key"
# "us" or "eu"; or, instead, the URL of the API.
#region = "us"
#base_url = "https://api.mailgun.net"
# PEM file with the CA of a private base_url.
#root_cas = "/etc/ssl/certs/mailgun-ca.pem"
# Limits; no limit of messages without the second.
#max_connections = 10
#max_messages_per_second = 5

[delivery]
# An address or "Teleport <teleport@example.com>".
sender = "noreply@example.com"
# Where replies go; to the sender without it.
#reply_to = "security@example.com"
# Domains in which suggested reviewers may have their addresses, "*.example.com" for all subdomains of
# example.com. Without it, anywhere. The recipients below are always emailed.
#allowed_domains = ["example.com", "*.example.com"]
# Adds an HTML part to the text.
#html = true
# Adds resources, times and thresholds to the text; the HTML part always has them.
#details = false
# The time zone of times in emails, such as "Europe/Berlin".
#time_zone = "UTC"
# Adds a schema.org action to the HTML part: a button in the lists of some email clients.
#actions = false
# Emails the requester, too.
#notify_requester = false
# Requesters' addresses are the first address in this trait, or else their user names.
#requester_trait = "email"
# Asks requesters to review their own requests if they are among the recipients. Teleport does not let
# them.
#include_requester = false
# Delays the first emails of a request, at most 1h. If a rule decides the request in that time, the
# decision replaces them.
#settle_for = "10s"
# Reminds reviewers who have not decided, so long after the request was made, while it is pending.
#remind_after = ["1h", "4h"]
# Warns the requester so long before the granted access ends.
#warn_before_access_ends = "1h"
# Pending requests without a notification, because the plugin was down, are announced if they are
# younger than this.
#catch_up = "24h"
# An email that cannot be delivered is retried for this long.
#retry_for = "24h"

# Who is asked to review requests for a role. "*" stands for all other roles and must be there. A key
# may be a pattern: "db-*", or a regular expression such as "^db-(ro|rw)$". A role's own name comes
# first, then patterns in the order of this file.
[role_to_recipients]
"dev" = "dev-manager@example.com"
"*" = ["root@example.com", "admin@example.com"]

# Addresses of requesters by user name, before the trait.
#[requester_addresses]
#"alice" = "alice@example.com"

[routing]
# What is asked first: "rules" (access monitoring rules of the cluster) or "routes" (see below).
#precedence = "rules"
# Reads the schedules of rules as the original does: "mon" never matches, and "23:59" is an instant.
#strict_schedules = false

# What the map of roles cannot say. The first route that matches decides, the map where none does.
#[[route]]
#name = "payments"
# A condition as in access monitoring rules; without it, every request matches.
#match = 'access_request.spec.roles.contains("payments")'
# Addresses, "requester", "suggested_reviewers", "trait:<name>" of the requester, and
# "access_list_owners" of the list that a request was promoted to.
#recipients = ["payments@example.com", "trait:manager"]
# Short for "suggested_reviewers" in recipients.
#suggested_reviewers = false
# Goes on to the next route and the map, which add their recipients.
#continue = false
# No email of these kinds; instead of recipients.
#silence = false
# Kinds of email that the route is for: the first, reviews, the decision or expiry; all without it.
#on = ["new", "review", "resolution"]
# When the route applies, by the time of the request; the schedule's name is free. UTC without a time zone.
#[route.schedules.office]
#timezone = "Europe/Berlin"
#shifts = [{ weekday = "Monday", start = "09:00", end = "17:00" }]

[access_lists]
# Reminds owners of access lists by email before the members are due for review, and every day after.
#remind = false

[templates]
# Directory with templates that replace the built-in ones, file by file.
#directory = "/etc/teleport-email/templates"

[http]
# host:port of /healthz, /readyz, /status and /metrics; off without it.
#listen = "127.0.0.1:8080"
# Clients that may read /status, which names recipients: "loopback" (this machine) or "all".
#status = "loopback"

[log]
# "stderr", "stdout", "syslog" or the path of a file.
output = "stderr"
# "error", "warn", "info", "debug" or "trace".
severity = "INFO"
# "text" or "json".
#format = "text"
`;

/** What a service needs beside its name, with values to replace; by section and key. */
const SERVICE_SETTINGS: readonly (readonly [RegExp, Settings])[] = [
  [/^microsoft365$/, {
    smtp: { username: "teleport@example.com" },
    "smtp.oauth2": {
      tenant: "example.onmicrosoft.com",
      client_id: "00000000-0000-0000-0000-000000000000",
      client_certificate: "/var/lib/teleport-email/oauth2.crt",
      client_key: "/var/lib/teleport-email/oauth2.key",
    },
  }],
  [/^google$/, {
    smtp: { username: "teleport@example.com" },
    "smtp.oauth2": {
      service_account_file: "/var/lib/teleport-email/service_account.json",
    },
  }],
  [/^ses:/, { smtp: { username: "AKIAEXAMPLE", password: "change-me" } }],
  [/^sendgrid$/, { smtp: { username: "apikey", password: "change-me" } }],
  [/^postmark$/, { smtp: { username: "change-me", password: "change-me" } }],
  [/^mailgun-smtp:/, { smtp: { username: "postmaster@mg.example.com", password: "change-me" } }],
];

type Settings = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The sample with the section of a mail service filled in: it loads unchanged. */
export function exampleFor(service: string): string {
  const known = SERVICE_SETTINGS.find(([name]) => name.test(service))?.[1] ?? {};
  const settings: Settings = { ...known, smtp: { service, ...known["smtp"] } };
  let section = "";
  return EXAMPLE.split("\n").map((line) => {
    const header = /^#\[{1,2}([\w.]+)\]{1,2}$/.exec(line)?.[1];
    section = header ?? /^\[{1,2}([\w.]+)\]{1,2}$/.exec(line)?.[1] ?? section;
    if (header !== undefined) return header in settings ? line.slice(1) : line;
    const key = /^#(\w+) = /.exec(line)?.[1] ?? "";
    const value = settings[section]?.[key];
    return value === undefined ? line : `${key} = ${JSON.stringify(value)}`;
  }).join("\n");
}
