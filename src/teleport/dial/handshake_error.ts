/** Why the TLS handshake with the auth server failed, in words that somebody can act on. */

import type { Credentials } from "../credentials.ts";
import { ClusterError, type ClusterErrorKind } from "../errors.ts";
import { alertName, type TlsFault, tlsFault } from "./tls_fault.ts";
import type { HandshakeAborted } from "./tls_handshake.ts";

export type HandshakeFault = TlsFault | "closed after" | "no alpn" | "timeout" | "cancelled";

/** A failed handshake; `fault` tells whether a closer look at the server is worth while. */
export class HandshakeError extends ClusterError {
  constructor(
    readonly fault: HandshakeFault,
    kind: ClusterErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(kind, message, options);
  }

  /** Whether it was the cluster's auth server that refused: no other way in leads further. */
  get isByAuthServer(): boolean {
    return this.fault === "refused" || this.fault === "closed after";
  }
}

/** Maps what Deno's TLS reports. */
export function explainTlsError(error: Error, credentials: Credentials): HandshakeError {
  const fault = tlsFault(error);
  const [kind, message] = words(fault, error, credentials);
  return new HandshakeError(fault, kind, message, { cause: error });
}

function words(
  fault: TlsFault,
  error: Error,
  { cluster, subject }: Credentials,
): readonly [ClusterErrorKind, string] {
  switch (fault) {
    case "not tls":
      return ["unavailable", "the server does not speak TLS"];
    case "untrusted":
      return [
        "credentials",
        `the server's certificate is not signed by an authority of cluster '${cluster}' that the ` +
        `credentials name: wrong address, wrong root_cas, or credentials from before a rotation of ` +
        `the authorities`,
      ];
    case "name":
      return [
        "credentials",
        `the server's certificate is not an auth server's: it lacks the name 'teleport.cluster.local'`,
      ];
    case "expired":
      return [
        "unavailable",
        "the server's certificate has expired or is not valid yet: check the clocks of both machines",
      ];
    case "no protocol":
      return [
        "unavailable",
        "the server refuses the protocol of the connection (ALPN): a web server or a load balancer",
      ];
    case "refused":
      return [
        "credentials",
        `the server does not accept the certificate of '${subject}' (TLS alert '${
          alertName(error) ?? "unknown"
        }'): it has expired, was signed by another cluster, or was signed before a rotation of the ` +
        `authorities`,
      ];
    case "closed":
      return [
        "unavailable",
        `the server closed the connection during the TLS handshake; a proxy does so when it does ` +
        `not know the cluster '${cluster}'`,
      ];
    case "other":
      return ["unavailable", `TLS handshake failed: ${error.message}`];
  }
}

/** The end of a connection whose handshake the server has finished, before it said anything. */
export function closedAfterHandshake({ subject }: Credentials): HandshakeError {
  return new HandshakeError(
    "closed after",
    "unavailable",
    `the server closed the connection right after the TLS handshake: it may not accept the ` +
      `certificate of '${subject}'`,
  );
}

/** A server that has finished the handshake without choosing a protocol. */
export function noProtocolChosen(): HandshakeError {
  return new HandshakeError(
    "no alpn",
    "unavailable",
    "the server does not take part in ALPN: a load balancer that ends TLS seems to stand in front",
  );
}

/** Nothing came in time, or nobody waits any more. */
export function handshakeAborted({ timedOut, message }: HandshakeAborted): HandshakeError {
  return new HandshakeError(timedOut ? "timeout" : "cancelled", "unavailable", message);
}
