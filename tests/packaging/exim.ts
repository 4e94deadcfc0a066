/** A running Exim: a mail server that others wrote and many use, for a second opinion on our mails. */

import { join } from "node:path";
import PostalMime, { type Email } from "postal-mime";
import { createTestAuthority } from "../../src/mail/testing/certificates.ts";
import { asNobody, type EximProgram, NOBODY } from "./exim_program.ts";

/** A mail as Exim has put it into its maildir. */
export interface DeliveredMail {
  readonly envelope: { readonly from: string; readonly to: string };
  /** Bare line feeds, and no dots of SMTP. */
  readonly raw: string;
  readonly parsed: Email;
}

export interface Exim extends AsyncDisposable {
  readonly port: number;
  /** The authority that signed the certificate of `localhost`, in PEM. */
  readonly caPem: string;
  /** Its main log: a line for each mail that it took, delivered or refused. */
  log(): Promise<string>;
  /** Everything that was delivered, in no order. */
  mails(): Promise<readonly DeliveredMail[]>;
}

export const ACCOUNT = { username: "teleport", password: "s3cr3t pass" } as const;

/** After such a silence Exim says 421 and hangs up. */
export const IDLE_SECONDS = 2;

/**
 * Starts Exim on a free port of 127.0.0.1: STARTTLS, AUTH over TLS only, mail for logged-in clients
 * only, 550 for recipients named `nobody`, one maildir for all others.
 */
export async function startExim(program: EximProgram): Promise<Exim> {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-exim-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const [caPem, port] = [await writeCertificate(dir), freePort()];
  // It takes no configuration but root's.
  const config = join(dir, "exim.conf");
  await Deno.writeTextFile(config, configuration(dir, program, port));
  await Deno.mkdir(join(dir, "spool"));
  for (const name of ["", "spool", "cert.pem", "key.pem"]) {
    await Deno.chown(join(dir, name), NOBODY, NOBODY);
  }
  const [command = "", ...args] = asNobody([program.path, "-C", config, "-bdf", "-q1m"]);
  const child = new Deno.Command(command, {
    args,
    cwd: "/",
    env: { ...program.env },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  stack.defer(async () => {
    child.kill("SIGTERM");
    await child.status;
  });
  const log = () => Deno.readTextFile(join(dir, "spool/main.log")).catch(() => "");
  if (!await isAccepting(port)) throw new Error(`Exim does not start: ${await log()}`);
  const owned = stack.move();
  return {
    port,
    caPem,
    log,
    mails: () => readMaildir(join(dir, "spool/maildir/new")),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function writeCertificate(dir: string): Promise<string> {
  const authority = await createTestAuthority("Exim Test CA");
  const { cert, key } = await authority.issue(["localhost"]);
  await Deno.writeTextFile(join(dir, "cert.pem"), cert);
  await Deno.writeTextFile(join(dir, "key.pem"), key, { mode: 0o600 });
  return authority.cert;
}

function configuration(dir: string, { path, env }: EximProgram, port: number): string {
  const condition = (user: string, password: string) =>
    `\${if and{{eq{${user}}{${ACCOUNT.username}}}{eq{${password}}{${ACCOUNT.password}}}}}`;
  return `
exim_path = ${path}
exim_user = ${NOBODY}
exim_group = ${NOBODY}
deliver_drop_privilege
keep_environment = ${Object.keys(env).join(" : ")}
primary_hostname = exim.example.com
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
spool_directory = ${dir}/spool
log_file_path = ${dir}/spool/%s.log
pid_file_path = ${dir}/spool/exim.pid
tls_advertise_hosts = *
tls_certificate = ${dir}/cert.pem
tls_privatekey = ${dir}/key.pem
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = recipient
# Less than the program keeps a connection.
smtp_receive_timeout = ${IDLE_SECONDS}s
# By default the eleventh mail of a connection waits for the next run of the queue.
smtp_accept_queue_per_connection = 0

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
  directory = ${dir}/spool/maildir
  maildir_format
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

async function readMaildir(dir: string): Promise<readonly DeliveredMail[]> {
  const files = await Array.fromAsync(Deno.readDir(dir)).catch(() => []);
  return await Promise.all(files.map(async ({ name }) => {
    const raw = await Deno.readTextFile(join(dir, name));
    const parsed = await PostalMime.parse(raw);
    const added = (key: string) =>
      parsed.headers.find((header) => header.key === key)?.value.replace(/^<(.*)>$/, "$1") ?? "";
    return { envelope: { from: added("return-path"), to: added("envelope-to") }, raw, parsed };
  }));
}

async function isAccepting(port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return false;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
