/** Keeps credentials from leaving unencrypted where the policy allows either. */

import type net from "node:net";

/** Credentials were about to leave unencrypted. */
export class ClearTextError extends Error {
  override readonly name = "ClearTextError";
  constructor() {
    super(
      "the server offers no encryption, and credentials are sent in the clear only with " +
        "starttls_policy 'disabled'",
    );
  }
}

/**
 * True if credentials may only go over TLS although the mail may go without. As the original does
 * for PLAIN (original.md §7.2), except to this very machine: `opportunistic` says that TLS is
 * nice to have for mails, and anyone on the way can make a server look as if it had none.
 */
export function mustHideCredentials(options: {
  readonly host: string;
  readonly auth?: unknown;
  readonly starttlsPolicy: string;
  readonly implicitTls: boolean;
}): boolean {
  if (options.auth === undefined || options.implicitTls) return false;
  const isLocal = /^(localhost|127(\.\d+){3}|::1)$/.test(options.host);
  return options.starttlsPolicy === "opportunistic" && !isLocal;
}

/**
 * Cuts the connection when an AUTH command is written to it in the clear. nodemailer has no hook
 * between EHLO and AUTH; after STARTTLS only TLS records are written, which never look like that.
 */
export function refuseClearCredentials(socket: net.Socket): void {
  const write = socket.write;
  socket.write = (...args: unknown[]): boolean => {
    if (/^AUTH /i.test(String(args[0]).slice(0, 5))) {
      socket.destroy(new ClearTextError());
      return false;
    }
    return Reflect.apply(write, socket, args);
  };
}
