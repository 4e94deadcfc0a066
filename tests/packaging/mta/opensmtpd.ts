/** A running OpenSMTPD, as Debian builds it. */

import { join } from "node:path";
import { run } from "../support/command.ts";
import { copyRoot, fetchDebian, type FetchResult, VMAIL } from "./debian_root.ts";
import { freePort, type MailServer, startIn, untilRunning, writeCertificate } from "./server.ts";

/** Fetches the program into `dir`. */
export async function fetchOpenSmtpd(dir: string): Promise<FetchResult> {
  const accounts = [{ name: "opensmtpd", id: 20_001 }, { name: "opensmtpq", id: 20_002 }];
  const fetched = await fetchDebian(dir, ["opensmtpd", "dash"], accounts);
  if (!fetched.ok) return fetched;
  const { stderr } = await run(["chroot", fetched.root, "/usr/sbin/smtpd", "-h"]);
  return stderr.includes("OpenSMTPD") ? fetched : { ok: false, why: `smtpd says: ${stderr}` };
}

/**
 * Starts OpenSMTPD on a free port of 127.0.0.1, for clients without login: one maildir for `bob` and
 * `carol` of `example.com`. With `tls` it offers STARTTLS, which Debian's build of 6.8.0p2 breaks off,
 * because it does not fit its OpenSSL 3.
 */
export async function startOpenSmtpd(
  root: string,
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<MailServer> {
  await using stack = new AsyncDisposableStack();
  const dir = await copyRoot(root);
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const [caPem, port] = [await writeCertificate(dir), freePort()];
  await Deno.writeTextFile(join(dir, "etc/tests.conf"), configuration(port, tls));
  await Deno.mkdir(join(dir, "var/run"), { recursive: true });
  await Deno.mkdir(join(dir, "var/spool/smtpd"), { recursive: true });
  await Deno.chmod(join(dir, "var/spool/smtpd"), 0o711);
  const command = ["/bin/sh", "-c", "exec /usr/sbin/smtpd -d -v -f /etc/tests.conf 2>/tmp/log"];
  stack.use(startIn(dir, command));
  return await untilRunning(
    { root: dir, port, caPem, logFile: "tmp/log", recipient: "delivered-to" },
    stack,
  );
}

function configuration(port: number, tls: boolean): string {
  return `
pki localhost cert "/etc/cert.pem"
pki localhost key "/etc/key.pem"
listen on 127.0.0.1 port ${port} hostname mx.example.com ${tls ? "tls pki localhost" : ""}
table boxes { "bob" = "${VMAIL.name}", "carol" = "${VMAIL.name}" }
action "box" maildir "/var/mail/all" virtual <boxes>
match from any for domain "example.com" action "box"
`;
}
