/** A TLS client handshake with a time limit and an abort signal. */

import tls from "node:tls";

/** The handshake timed out, or the caller cancelled it. */
export class HandshakeAborted extends Error {
  override readonly name = "HandshakeAborted";
  constructor(readonly timedOut: boolean) {
    super(timedOut ? "the TLS handshake timed out" : "the attempt was cancelled");
  }
}

/**
 * Makes a TLS client handshake. The socket keeps an error listener, so that no error is uncaught.
 *
 * @throws {Error} the runtime's TLS error, or `socket disconnected` when the server closed the
 *   connection; the stream below is destroyed then
 */
export function tlsHandshake(
  options: tls.ConnectionOptions,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<tls.TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<tls.TLSSocket>();
  const socket = tls.connect({ minVersion: "TLSv1.2", ...options });
  const settle = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    socket.off("error", fail).off("close", onClose);
    socket.on("error", () => {});
  };
  const fail = (error: Error) => {
    settle();
    socket.destroy();
    reject(error);
  };
  const onClose = () => fail(new Error("socket disconnected"));
  const onAbort = () => fail(new HandshakeAborted(false));
  const timer = setTimeout(() => fail(new HandshakeAborted(true)), timeoutMs);
  socket.once("error", fail);
  socket.once("close", onClose);
  socket.once("secureConnect", () => {
    settle();
    resolve(socket);
  });
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort);
  return promise;
}
