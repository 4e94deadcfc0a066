/** What mail servers of other makes have in common: a process in a directory, a port, a maildir. */

import { join } from "node:path";
import PostalMime, { type Email } from "postal-mime";
import { createTestAuthority } from "../../../src/mail/testing/certificates.ts";

/** A mail as a server has put it into a maildir. */
export interface DeliveredMail {
  readonly envelope: { readonly from: string; readonly to: string };
  /** Bare line feeds, and no dots of SMTP. */
  readonly raw: string;
  readonly parsed: Email;
}

export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** The CA that signed the certificate of `localhost`, in PEM. */
  readonly caPem: string;
  /** Its log: a line for each mail that it accepted, delivered or refused. */
  log(): Promise<string>;
  /** Everything that was delivered, in no order. */
  mails(): Promise<readonly DeliveredMail[]>;
}

/** The account of servers that want a login. */
export const ACCOUNT = { username: "teleport", password: "s3cr3t pass" } as const;

/**
 * Writes a certificate of `localhost` and its key below a root directory; returns the CA of it in PEM.
 * `owner` is who reads the key.
 */
export async function writeCertificate(root: string, owner = 0): Promise<string> {
  const authority = await createTestAuthority("Mail Server Test CA");
  const { cert, key } = await authority.issue(["localhost"]);
  await Deno.writeTextFile(join(root, "etc/cert.pem"), cert);
  await Deno.writeTextFile(join(root, "etc/key.pem"), key, { mode: 0o600 });
  await Deno.chown(join(root, "etc/key.pem"), owner, owner);
  return authority.cert;
}

/** Starts a command in a root directory; disposal ends it by SIGTERM. */
export function startIn(root: string, command: readonly string[]): AsyncDisposable {
  const child = new Deno.Command("chroot", {
    args: [root, ...command],
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended on its own.
      }
      await child.status;
    },
  };
}

/** A server in a root directory, before it accepts connections. */
export interface Starting {
  readonly root: string;
  readonly port: number;
  readonly caPem: string;
  /** Path of its log in the root directory. */
  readonly logFile: string;
  /** The header in which it writes the recipient of the envelope. */
  readonly recipient: "envelope-to" | "delivered-to";
}

/**
 * Waits until the processes of `stack` accept connections; the returned server takes the stack over.
 *
 * @throws {Error} with the log when nothing accepts connections within ten seconds
 */
export async function untilRunning(
  { root, port, caPem, logFile, recipient }: Starting,
  stack: AsyncDisposableStack,
): Promise<MailServer> {
  const log = () => Deno.readTextFile(join(root, logFile)).catch(() => "");
  await untilAccepting({ port, log });
  const owned = stack.move();
  return {
    port,
    caPem,
    log,
    mails: () => readMaildir(join(root, "var/mail/all"), recipient),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Reads a maildir; `recipient` is the header that has the recipient of the envelope. */
async function readMaildir(
  dir: string,
  recipient: Starting["recipient"],
): Promise<readonly DeliveredMail[]> {
  const files = await Array.fromAsync(Deno.readDir(join(dir, "new"))).catch(() => []);
  return await Promise.all(files.map(async ({ name }) => {
    const raw = await Deno.readTextFile(join(dir, "new", name));
    const parsed = await PostalMime.parse(raw);
    const added = (key: string) =>
      parsed.headers.find((header) => header.key === key)?.value.replace(/^<(.*)>$/, "$1") ?? "";
    return { envelope: { from: added("return-path"), to: added(recipient) }, raw, parsed };
  }));
}

/** @throws {Error} with the log when nothing accepts connections within ten seconds. */
export async function untilAccepting({ port, log }: Pick<MailServer, "port" | "log">) {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`The mail server does not start: ${await log()}`);
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
