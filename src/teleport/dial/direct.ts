/**
 * The way in that serves an auth address and a proxy address with TLS routing alike: one mutual TLS
 * handshake with the auth server, `teleport-auth@<cluster>` first in ALPN (wire.md §2.2). A proxy routes
 * by that entry without ending the TLS; an auth server takes the second entry.
 */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import type { Credentials } from "../credentials.ts";
import { ClusterError } from "../errors.ts";

/** Every auth server's certificate carries this name (wire.md §2.1). */
export const AUTH_SERVER_NAME = "teleport.cluster.local";

/** The first ALPN entry: lower-case hex of the cluster's name in front of the auth server's. */
export function authProtocol(cluster: string): string {
  return `teleport-auth@${Buffer.from(cluster).toString("hex")}.${AUTH_SERVER_NAME}`;
}

/** An ALPN entry holds 255 bytes (RFC 7301 §3.1); longer cluster names cannot be routed by it. */
const MAX_PROTOCOL_BYTES = 255;

/**
 * Makes the mutual TLS connection to the auth server over `stream`, which ends at the auth server or at
 * a proxy.
 *
 * @throws {ClusterError} `credentials` when the server is not vouched for by our authorities,
 *   `unavailable` otherwise
 */
export function secureAuthConnection(
  stream: Duplex,
  credentials: Credentials,
  timeoutMs: number,
): Promise<tls.TLSSocket> {
  const protocol = authProtocol(credentials.cluster);
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: stream,
      ca: [...credentials.caPems],
      cert: credentials.certPem,
      key: credentials.keyPem,
      servername: AUTH_SERVER_NAME,
      ALPNProtocols: protocol.length <= MAX_PROTOCOL_BYTES ? [protocol, "h2"] : ["h2"],
      minVersion: "TLSv1.2",
    });
    const fail = (error: ClusterError) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new ClusterError("unavailable", "the TLS handshake timed out")),
      timeoutMs,
    );
    socket.once("secureConnect", () => {
      if (socket.alpnProtocol === false) return fail(noProtocol());
      clearTimeout(timer);
      socket.removeListener("error", onError);
      socket.removeListener("close", onClose);
      resolve(socket);
    });
    const onError = (error: Error) => fail(explainTlsError(error, credentials));
    const onClose = () =>
      fail(
        new ClusterError(
          "unavailable",
          `the server closed the connection during the TLS handshake; a proxy does so when it does ` +
            `not know the cluster '${credentials.cluster}'`,
        ),
      );
    socket.once("error", onError);
    socket.once("close", onClose);
  });
}

function noProtocol(): ClusterError {
  return new ClusterError(
    "unavailable",
    "the server does not take part in ALPN: a load balancer that ends TLS seems to stand in front",
  );
}

/** Deno's TLS is rustls with Node-like wording for certificate faults. */
function explainTlsError(error: Error, credentials: Credentials): ClusterError {
  const options = { cause: error };
  const text = error.message;
  if (/unable to verify|self.signed|unknown ?issuer|UnknownIssuer|unable to get/i.test(text)) {
    return new ClusterError(
      "credentials",
      `the server's certificate is not signed by an authority of cluster '${credentials.cluster}' ` +
        `that the credentials name: wrong address, wrong root_cas, or credentials from before a ` +
        `rotation of the authorities`,
      options,
    );
  }
  if (/altnames|not valid for name|NotValidForName/i.test(text)) {
    return new ClusterError(
      "credentials",
      `the server's certificate is not an auth server's: it lacks the name '${AUTH_SERVER_NAME}'`,
      options,
    );
  }
  if (/InvalidContentType|corrupt message|wrong version number/i.test(text)) {
    return new ClusterError("unavailable", "the server does not speak TLS", options);
  }
  return new ClusterError("unavailable", `TLS handshake failed: ${text}`, options);
}
