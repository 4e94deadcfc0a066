/**
 * The `direct` connection method, for auth addresses and for proxy addresses with TLS routing: one
 * mutual TLS handshake with the auth server, `teleport-auth@<cluster>` first in ALPN
 * (teleport-protocol.md §2.2). A proxy routes by that entry without terminating TLS; an auth server
 * selects the second entry.
 */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Credentials } from "../credentials.ts";
import {
  closedAfterHandshake,
  explainTlsError,
  handshakeAborted,
  noProtocolChosen,
} from "./handshake_error.ts";
import { connectTcp } from "./tcp.ts";
import { HandshakeAborted, tlsHandshake } from "./tls_handshake.ts";
import type { Dial } from "./method.ts";

/** Every auth server's certificate carries this name (teleport-protocol.md §2.1). */
export const AUTH_SERVER_NAME = "teleport.cluster.local";

/** The first ALPN entry: the cluster's name in lower-case hex, before the auth server's name. */
export function authProtocol(cluster: string): string {
  return `teleport-auth@${Buffer.from(cluster).toString("hex")}.${AUTH_SERVER_NAME}`;
}

/** An ALPN entry holds 255 bytes (RFC 7301 §3.1); longer cluster names cannot be routed by it. */
const MAX_PROTOCOL_BYTES = 255;
/**
 * A gRPC server sends its settings right after the handshake. A slower server is still accepted.
 */
const FIRST_BYTES_MS = 2000;

/** Dials the configured address. */
export const dialDirectly: Dial = async (context, signal) => {
  const stream = await connectTcp(context.address, context, signal);
  return await secureAuthConnection(stream, context.credentials, context.stepTimeoutMs, signal);
};

/**
 * Makes the mutual TLS connection to the auth server over `stream`, which ends at the auth server or
 * at a proxy. In TLS 1.3 the client's handshake completes before the server has verified its
 * certificate: only the server's first bytes, which stay in the socket, show that it was accepted.
 *
 * @throws {HandshakeError} `credentials` when our CAs have not signed the server's certificate or the
 *   server rejects ours, `unavailable` otherwise; `stream` is destroyed then
 */
export async function secureAuthConnection(
  stream: Duplex,
  credentials: Credentials,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<TLSSocket> {
  const protocol = authProtocol(credentials.cluster);
  let socket: TLSSocket;
  try {
    socket = await tlsHandshake({
      socket: stream,
      ca: [...credentials.caPems],
      cert: credentials.certPem,
      key: credentials.keyPem,
      servername: AUTH_SERVER_NAME,
      ALPNProtocols: protocol.length <= MAX_PROTOCOL_BYTES ? [protocol, "h2"] : ["h2"],
    }, { timeoutMs, signal });
  } catch (error) {
    stream.destroy();
    if (error instanceof HandshakeAborted) throw handshakeAborted(error);
    throw error instanceof Error ? explainTlsError(error, credentials) : error;
  }
  try {
    if (socket.alpnProtocol === false) throw noProtocolChosen();
    await firstBytes(socket, credentials);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * Waits for the server's first bytes.
 *
 * @throws {HandshakeError} when the server closes the connection instead of sending any
 */
function firstBytes(socket: TLSSocket, credentials: Credentials): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error: Error) => {
    const explained = explainTlsError(error, credentials);
    reject(explained.fault === "closed" ? closedAfterHandshake(credentials) : explained);
  };
  const onClose = () => reject(closedAfterHandshake(credentials));
  const onReadable = () => socket.readableLength > 0 ? resolve() : onClose();
  const patience = setTimeout(resolve, FIRST_BYTES_MS);
  if (socket.errored) onError(socket.errored);
  else if (socket.destroyed) onClose();
  socket.once("error", onError).once("close", onClose).once("readable", onReadable);
  return promise.finally(() => {
    clearTimeout(patience);
    socket.off("error", onError).off("close", onClose).off("readable", onReadable);
  });
}
