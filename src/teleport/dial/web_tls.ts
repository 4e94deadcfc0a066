/** TLS with the web port of a proxy or load balancer, whose certificate is not signed by the cluster. */

import net from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { ClusterError } from "../errors.ts";
import { connectTcp } from "./tcp.ts";
import { type TlsFault, tlsFault } from "./tls_fault.ts";
import { tlsHandshake } from "./tls_handshake.ts";
import type { Address } from "../../net/address.ts";
import type { DialContext } from "./method.ts";
import { MethodNotApplicable } from "./method.ts";

/** A failed handshake with the web port, with its cause. */
export class WebTlsError extends ClusterError {
  constructor(readonly fault: TlsFault, message: string, options?: ErrorOptions) {
    super(
      fault === "untrusted" || fault === "name" ? "credentials" : "unavailable",
      message,
      options,
    );
  }
}

/** The server does not speak TLS at all. */
export class NoTls extends MethodNotApplicable {}

/** The server speaks TLS but none of the offered ALPN protocols. */
export class NoCommonProtocol extends MethodNotApplicable {}

/**
 * Connects to `address` and makes the TLS handshake with its web server.
 *
 * @throws {ClusterError} `WebTlsError` when the handshake fails
 */
export async function connectWeb(
  address: Address,
  alpn: readonly string[],
  context: DialContext,
  signal: AbortSignal,
): Promise<TLSSocket> {
  // Before connecting, so that no open connection waits for a file.
  const roots = await context.webRoots();
  const stream = await connectTcp(address, context, signal);
  const server = { host: address.host, alpn, roots };
  return await secureWeb(stream, server, context.stepTimeoutMs, signal);
}

/** The expected identity of a web server, and the protocols to offer. */
export interface WebServer {
  /** The name or IP address that the certificate must be valid for. */
  readonly host: string;
  readonly alpn: readonly string[];
  /** Root CAs, PEM; undefined for the runtime's list. */
  readonly roots: readonly string[] | undefined;
}

/**
 * Makes the handshake over a connected stream.
 *
 * @throws {ClusterError} `WebTlsError` when it fails; the stream is destroyed then
 */
export async function secureWeb(
  stream: Duplex,
  { host, alpn, roots }: WebServer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TLSSocket> {
  try {
    return await tlsHandshake({
      socket: stream,
      // SNI carries host names only (RFC 6066 §3); the certificate is still checked against an address.
      ...net.isIP(host) === 0 ? { servername: host } : { host },
      ...roots === undefined ? {} : { ca: [...roots] },
      ALPNProtocols: [...alpn],
    }, { timeoutMs, signal });
  } catch (error) {
    stream.destroy();
    if (error instanceof ClusterError || !(error instanceof Error)) throw error;
    throw explain(error, host);
  }
}

function explain(error: Error, host: string): ClusterError {
  const fault = tlsFault(error);
  const options = { cause: error };
  switch (fault) {
    case "not tls":
      return new NoTls(
        "the server is not the web server of a proxy: it does not speak TLS",
        options,
      );
    case "untrusted":
      return new WebTlsError(
        fault,
        `the web certificate of '${host}' is not signed by a known CA: if it is a proxy with a private ` +
          `CA, name that in teleport.web_root_cas; an auth server has no web certificate`,
        options,
      );
    case "name":
      return new WebTlsError(
        fault,
        `the web certificate there is not for '${host}': use the proxy's public name as teleport.addr`,
        options,
      );
    case "expired":
      return new WebTlsError(
        fault,
        `the web certificate of '${host}' has expired or is not valid yet`,
        options,
      );
    case "no protocol":
      return new NoCommonProtocol("the server is not the web server of a proxy", options);
    case "refused":
    case "closed":
    case "other":
      return new WebTlsError(
        fault,
        `the TLS handshake with the web server failed: ${error.message}`,
        options,
      );
  }
}
