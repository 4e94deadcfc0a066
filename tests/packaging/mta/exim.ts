/** A running Exim, as Debian builds it. */

import { join } from "node:path";
import { run } from "../support/command.ts";
import { copyRoot, fetchDebian, type FetchResult, VMAIL } from "./debian_root.ts";
import {
  ACCOUNT,
  freePort,
  type MailServer,
  startIn,
  untilRunning,
  writeCertificate,
} from "./server.ts";

export interface Exim extends MailServer {
  /** Mails that it has accepted and not delivered. */
  queued(): Promise<number>;
}

/** The user that Debian builds it for. */
const USER = { name: "Debian-exim", id: 20_001 };

/** Fetches the program into `dir`. */
export async function fetchExim(dir: string): Promise<FetchResult> {
  const fetched = await fetchDebian(dir, ["exim4-daemon-light"], [USER]);
  if (!fetched.ok) return fetched;
  const { stdout, stderr } = await run(["chroot", fetched.root, "/usr/sbin/exim4", "-bV"]);
  return /^Exim version /m.test(stdout) ? fetched : { ok: false, why: `exim4 says: ${stderr}` };
}

/**
 * Starts Exim on a free port of 127.0.0.1: STARTTLS, AUTH over TLS only, mail for logged-in clients
 * only, 550 for recipients named `nobody`, one maildir for all others. Its limits are those that it is
 * built with, unless `settings` has others.
 */
export async function startExim(root: string, settings: readonly string[] = []): Promise<Exim> {
  await using stack = new AsyncDisposableStack();
  const dir = await copyRoot(root);
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const [caPem, port] = [await writeCertificate(dir, USER.id), freePort()];
  await Deno.mkdir(join(dir, "etc/exim4"), { recursive: true });
  await Deno.writeTextFile(join(dir, "etc/exim4/exim4.conf"), configuration(port, settings));
  await Deno.chown(await newDir(dir, "var/spool/exim4"), USER.id, USER.id);
  stack.use(startIn(dir, ["/usr/sbin/exim4", "-bdf", "-q1m"]));
  const server = await untilRunning(
    { root: dir, port, caPem, logFile: "var/spool/exim4/main.log", recipient: "envelope-to" },
    stack,
  );
  const queued = async () => Number((await run(["chroot", dir, "/usr/sbin/exim4", "-bpc"])).stdout);
  return { ...server, queued };
}

async function newDir(root: string, path: string): Promise<string> {
  await Deno.mkdir(join(root, path), { recursive: true });
  return join(root, path);
}

function configuration(port: number, settings: readonly string[]): string {
  const condition = (user: string, password: string) =>
    `\${if and{{eq{${user}}{${ACCOUNT.username}}}{eq{${password}}{${ACCOUNT.password}}}}}`;
  return `
primary_hostname = exim.example.com
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
log_file_path = /var/spool/exim4/%s.log
pid_file_path = /run/exim.pid
tls_advertise_hosts = *
tls_certificate = /etc/cert.pem
tls_privatekey = /etc/key.pem
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = recipient
${settings.join("\n")}

begin acl
recipient:
  deny !authenticated = *
       message = Log in first
  deny local_parts = nobody
       message = 5.1.1 No such user here
  accept

begin routers
all:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = /var/mail/all
  maildir_format
  user = ${VMAIL.id}
  group = ${VMAIL.id}
  envelope_to_add
  return_path_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${condition("$auth2", "$auth3")}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${condition("$auth1", "$auth2")}
  server_set_id = $auth1
`;
}
