/**
 * The way in that serves an auth address and a proxy address with TLS routing alike: one mutual TLS
 * handshake with the auth server, `teleport-auth@<cluster>` first in ALPN (wire.md §2.2). A proxy routes
 * by that entry without ending the TLS; an auth server takes the second entry.
 */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import type { Credentials } from "../credentials.ts";
import {
  closedAfterHandshake,
  explainTlsError,
  type HandshakeError,
  handshakeTimedOut,
  noProtocolChosen,
} from "./handshake_error.ts";

/** Every auth server's certificate carries this name (wire.md §2.1). */
export const AUTH_SERVER_NAME = "teleport.cluster.local";

/** The first ALPN entry: lower-case hex of the cluster's name in front of the auth server's. */
export function authProtocol(cluster: string): string {
  return `teleport-auth@${Buffer.from(cluster).toString("hex")}.${AUTH_SERVER_NAME}`;
}

/** An ALPN entry holds 255 bytes (RFC 7301 §3.1); longer cluster names cannot be routed by it. */
const MAX_PROTOCOL_BYTES = 255;
/**
 * A gRPC server sends its settings as soon as the handshake is over. A server that takes its time is
 * not refused for that.
 */
const FIRST_BYTES_MS = 2000;

/**
 * Makes the mutual TLS connection to the auth server over `stream`, which ends at the auth server or at
 * a proxy. In TLS 1.3 a client's handshake ends before the server has looked at its certificate: only
 * the server's first bytes, which stay in the socket, show that it was accepted.
 *
 * @throws {HandshakeError} `credentials` when the server is not vouched for by our authorities or does
 *   not accept our certificate, `unavailable` otherwise
 */
export function secureAuthConnection(
  stream: Duplex,
  credentials: Credentials,
  timeoutMs: number,
): Promise<tls.TLSSocket> {
  const protocol = authProtocol(credentials.cluster);
  const { promise, resolve, reject } = Promise.withResolvers<tls.TLSSocket>();
  const socket = tls.connect({
    socket: stream,
    ca: [...credentials.caPems],
    cert: credentials.certPem,
    key: credentials.keyPem,
    servername: AUTH_SERVER_NAME,
    ALPNProtocols: protocol.length <= MAX_PROTOCOL_BYTES ? [protocol, "h2"] : ["h2"],
    minVersion: "TLSv1.2",
  });
  let secured = false;
  let patience: ReturnType<typeof setTimeout> | undefined;
  const fail = (error: HandshakeError) => {
    settle();
    // What comes after the first error is no news, but must not go unheard.
    socket.on("error", () => {});
    socket.destroy();
    reject(error);
  };
  const settle = () => {
    clearTimeout(timer);
    clearTimeout(patience);
    socket.off("error", onError).off("close", onClose).off("readable", onReadable);
  };
  const succeed = () => {
    settle();
    resolve(socket);
  };
  const closed = () =>
    secured
      ? closedAfterHandshake(credentials)
      : explainTlsError(new Error("socket disconnected"), credentials);
  const onError = (error: Error) => {
    const explained = explainTlsError(error, credentials);
    fail(explained.fault === "closed" ? closed() : explained);
  };
  const onClose = () => fail(closed());
  const onReadable = () => socket.readableLength > 0 ? succeed() : fail(closed());
  const timer = setTimeout(() => fail(handshakeTimedOut()), timeoutMs);
  socket.once("error", onError);
  socket.once("close", onClose);
  socket.once("secureConnect", () => {
    if (socket.alpnProtocol === false) return fail(noProtocolChosen());
    secured = true;
    patience = setTimeout(succeed, FIRST_BYTES_MS);
    socket.once("readable", onReadable);
  });
  return promise;
}
