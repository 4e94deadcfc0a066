/** Prevents sending credentials in clear text where the policy allows unencrypted emails. */

import type net from "node:net";

/** Credentials were about to be sent in clear text. */
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
 * Whether credentials require TLS although the email does not. The original requires it for PLAIN
 * (original.md §7.2), except to the local machine: with `opportunistic`, an attacker on the path can
 * strip the server's STARTTLS offer.
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
 * Destroys the connection when an AUTH command is written to it in clear text. nodemailer has no hook
 * between EHLO and AUTH; after STARTTLS only TLS records are written, which never match.
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
