/** Explains a failed TLS handshake with the auth server, with the likely causes. */

import type { Credentials } from "../credentials.ts";
import { ClusterError, type ClusterErrorKind } from "../errors.ts";
import { alertName, type TlsFault, tlsFault } from "./tls_fault.ts";
import type { HandshakeAborted } from "./tls_handshake.ts";

/**
 * - `closed after`: the server closed the connection after the handshake, before it sent anything
 * - `no alpn`: the server completed the handshake without selecting a protocol
 * - `timeout`, `cancelled`: the handshake was aborted by us
 */
export type HandshakeFault = TlsFault | "closed after" | "no alpn" | "timeout" | "cancelled";

/** A failed handshake; `fault` decides whether `diagnose()` can find out more. */
export class HandshakeError extends ClusterError {
  constructor(
    readonly fault: HandshakeFault,
    kind: ClusterErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(kind, message, options);
  }

  /** Whether the cluster's auth server itself refused: other connection methods would fail alike. */
  get isByAuthServer(): boolean {
    return this.fault === "refused" || this.fault === "closed after";
  }
}

/** Maps an error of Deno's TLS to a cause and a message. */
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
        `the server's certificate is not signed by a CA of cluster '${cluster}' that the ` +
        `credentials contain: wrong address, wrong root_cas, or credentials signed before a CA rotation`,
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
        }'): it has expired, was signed by another cluster, or was signed before a CA rotation`,
      ];
    case "closed":
      return [
        "unavailable",
        `the server closed the connection during the TLS handshake; a proxy does so when it does ` +
        `not serve the cluster '${cluster}'`,
      ];
    case "other":
      return ["unavailable", `TLS handshake failed: ${error.message}`];
  }
}

/** The server closed the connection after the handshake, before it sent anything. */
export function closedAfterHandshake({ subject }: Credentials): HandshakeError {
  return new HandshakeError(
    "closed after",
    "unavailable",
    `the server closed the connection right after the TLS handshake: it may not accept the ` +
      `certificate of '${subject}'`,
  );
}

/** The server completed the handshake without selecting an ALPN protocol. */
export function noProtocolChosen(): HandshakeError {
  return new HandshakeError(
    "no alpn",
    "unavailable",
    "the server does not negotiate ALPN: a load balancer before it probably terminates TLS",
  );
}

/** The handshake timed out, or the caller cancelled it. */
export function handshakeAborted({ timedOut, message }: HandshakeAborted): HandshakeError {
  return new HandshakeError(timedOut ? "timeout" : "cancelled", "unavailable", message);
}
