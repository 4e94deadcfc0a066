/** What help and manual page say of the commands beside their options. */

const CONFIG_EXITS = "2 if it could not be done, for example because the configuration has errors";

/** Paragraphs by command. */
export const HELP_TEXTS: Readonly<Record<string, readonly string[]>> = {
  configure: [
    "With --service it fills in a mail service: microsoft365, google, ses:REGION (for example " +
    "ses:eu-west-1), sendgrid, postmark, mailgun-smtp:us, mailgun-smtp:eu.",
    "Exit codes: 0, or 2 for a service that it does not know.",
  ],
  start: [
    "Watches access requests and mails reviewers until SIGTERM or SIGINT ends it with exit code 0. " +
    "Exit codes: 0 after a signal, 78 if the configuration has to be corrected, 1 for any other fatal " +
    "error, which a restart may find gone: credentials, permissions, an address of its own that is taken.",
    "SIGHUP reads the configuration and the files that it names again. If anything is wrong with " +
    "them, the ones in use stay.",
  ],
  check: [
    "Looks at everything that the daemon depends on, one line each: configuration, templates, log, " +
    "address of its own, credentials, every way into the cluster, what the role may do, and the mail server up to the " +
    "log-in. Nothing is sent, and nothing is changed. A line that fails says what to do.",
    "Exit codes: 0 if there is no problem, 1 if there is one, 2 if nothing could be checked because " +
    "the configuration cannot be read.",
  ],
  "test-mail": [
    "Each address gets five mails in one thread, as for a real request: new, review, approved, " +
    "denied, expired. They are marked as a test in subject and text.",
    `Exit codes: 0 if the mail server took every mail, 1 if it refused one, ${CONFIG_EXITS}.`,
  ],
  preview: [
    "Uses the templates of the configuration, or the built-in ones where there is no file at the default " +
    "path. Only --request ID asks the cluster. With --html FILE or --eml DIRECTORY, every kind is written " +
    "unless --kind names one.",
    "Example: teleport-email preview --html emails.html",
    `Exit codes: 0, or ${CONFIG_EXITS}.`,
  ],
  templates: [
    "Nothing is overwritten. The directory is for templates.directory; README.md in it lists the variables.",
    "Example: teleport-email templates export /etc/teleport-email/templates",
    "Exit codes: 0, or 2 if the files cannot be written or are already there.",
  ],
  route: [
    "Makes the daemon's own decision and prints each rule, route and entry of role_to_recipients that it " +
    "looked at, with the part of its condition that decided, and the source of each address.",
    "The request is described by flags, or is one of the cluster (--request ID, --pending), or of a file: " +
    "YAML or JSON as 'tctl get' prints it, with user, user_login_state and resource documents for traits " +
    "and labels beside it. Only --request ID, --pending and --cluster ask the cluster.",
    `Exit codes: 0, 1 if --expect names other addresses, or ${CONFIG_EXITS}.`,
  ],
  status: [
    "Asks the running daemon if http.listen is set. Otherwise, or when the daemon does not answer, " +
    "reads from the cluster which mails are owed and which were given up.",
    "Exit codes: 0 if all is well, 1 if the daemon is not ready or does not answer, or if mails were " +
    `given up, ${CONFIG_EXITS}.`,
  ],
  health: [
    "Asks /healthz, or /readyz with --ready, at http.listen of the configuration, and prints the answer. " +
    "Without http.listen there is nobody to ask, and all counts as well.",
    "Exit codes: 0 if all is well, 1 if it is not, if the daemon does not answer, or if the " +
    "configuration has errors.",
  ],
  completion: [
    "bash: source <(teleport-email completion bash)",
    'zsh: teleport-email completion zsh > "${fpath[1]}/_teleport-email"',
    "fish: teleport-email completion fish > ~/.config/fish/completions/teleport-email.fish",
  ],
};
