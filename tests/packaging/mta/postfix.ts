/** A running Postfix with Dovecot for its logins, as Debian builds them. */

import { join } from "node:path";
import { copyRoot, fetchDebian, type FetchResult, VMAIL } from "./debian_root.ts";
import { run } from "../support/command.ts";
import {
  ACCOUNT,
  freePort,
  type MailServer,
  startIn,
  untilRunning,
  writeCertificate,
} from "./server.ts";

const POSTFIX = { name: "postfix", id: 20_001 };
const POSTDROP = { name: "postdrop", id: 20_002 };
const DOVECOT = { name: "dovecot", id: 20_003 };
const DOVENULL = { name: "dovenull", id: 20_004 };

/** Fetches the programs into `dir`. */
export async function fetchPostfix(dir: string): Promise<FetchResult> {
  const accounts = [POSTFIX, POSTDROP, DOVECOT, DOVENULL];
  const fetched = await fetchDebian(dir, ["postfix", "dovecot-core"], accounts);
  if (!fetched.ok) return fetched;
  const programs = [["/usr/sbin/postconf", "-d", "mail_version"], [
    "/usr/sbin/dovecot",
    "--version",
  ]];
  for (const command of programs) {
    const { ok, stderr } = await run(["chroot", fetched.root, ...command]);
    if (!ok) return { ok: false, why: `${command[0]} does not run: ${stderr}` };
  }
  return fetched;
}

/**
 * Starts both on a free port of 127.0.0.1: STARTTLS, login over TLS only, mail for logged-in clients
 * only, one maildir for all recipients of `example.com` and `example.org` but those named `nobody`.
 * `settings` are further lines of main.cf.
 */
export async function startPostfix(
  root: string,
  settings: readonly string[] = [],
): Promise<MailServer> {
  await using stack = new AsyncDisposableStack();
  const dir = await copyRoot(root);
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const [caPem, port] = [await writeCertificate(dir), freePort()];
  const files = {
    "etc/postfix/main.cf": `${MAIN}\n${settings.join("\n")}\n`,
    "etc/postfix/master.cf": `127.0.0.1:${port} inet n - n - - smtpd\n${MASTER}`,
    "etc/postfix/mailboxes": "!/^nobody@/ all/\n",
    "etc/dovecot/dovecot.conf": DOVECOT_CONF,
    "etc/dovecot/users": `${ACCOUNT.username}:{PLAIN}${ACCOUNT.password}::::::\n`,
    // Postfix wants a database for local recipients, of whom there are none.
    "etc/aliases": "",
  };
  await Deno.mkdir(join(dir, "etc/dovecot"), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(dir, name), text);
  }
  await makeQueue(dir);
  stack.use(startIn(dir, ["/usr/sbin/dovecot", "-F"]));
  stack.use(startIn(dir, ["/usr/lib/postfix/sbin/master", "-d"]));
  return await untilRunning(
    { root: dir, port, caPem, logFile: "var/log/postfix.log", recipient: "delivered-to" },
    stack,
  );
}

/** What `postfix set-permissions` makes, which needs a shell and much of Debian. */
async function makeQueue(dir: string): Promise<void> {
  const make = async (path: string, mode: number, owner: number, group = 0) => {
    await Deno.mkdir(join(dir, path), { recursive: true });
    await Deno.chown(join(dir, path), owner, group);
    await Deno.chmod(join(dir, path), mode);
  };
  const queue = "var/spool/postfix";
  const own = ["incoming", "active", "deferred", "bounce", "defer", "corrupt", "flush", "hold"];
  for (const name of [...own, "saved", "trace", "private"]) {
    await make(`${queue}/${name}`, 0o700, POSTFIX.id);
  }
  await make(`${queue}/public`, 0o710, POSTFIX.id, POSTDROP.id);
  await make(`${queue}/maildrop`, 0o1730, POSTFIX.id, POSTDROP.id);
  await make(`${queue}/pid`, 0o755, 0);
  await make("var/lib/postfix", 0o755, POSTFIX.id, POSTFIX.id);
  await make("var/log", 0o755, 0);
}

const MAIN = `
compatibility_level = 3.6
mail_owner = postfix
setgid_group = postdrop
maillog_file = /var/log/postfix.log
myhostname = mx.example.com
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = /etc/cert.pem
smtpd_tls_key_file = /etc/key.pem
smtpd_delay_reject = yes
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions = reject_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_security_options = noanonymous
smtpd_client_event_limit_exceptions =
virtual_mailbox_domains = example.com, example.org
virtual_mailbox_maps = regexp:/etc/postfix/mailboxes
virtual_mailbox_base = /var/mail
virtual_uid_maps = static:${VMAIL.id}
virtual_gid_maps = static:${VMAIL.id}
`;

const MASTER = `
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;

const DOVECOT_CONF = `
protocols =
base_dir = /run/dovecot
log_path = /var/log/dovecot.log
ssl = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=${VMAIL.id} gid=${VMAIL.id} home=/var/mail
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = ${POSTFIX.name}
    group = ${POSTFIX.name}
  }
}
`;
