/** A TLS client handshake with a time limit and an abort signal. */

import net from "node:net";
import type { Duplex } from "node:stream";
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
  if (options.socket !== undefined && !(options.socket instanceof net.Socket)) {
    completeWrites(socket, options.socket);
  }
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

/** The methods of `TLSWrap` that move bytes in Deno 2.7.12 and later. */
interface TlsHandle {
  readBuffer?(encrypted: Uint8Array): void;
  _flushEncOut?(): void;
}

/**
 * Deno 2.7 completes a write to TLS over a stream of ours only when the peer sends something
 * (denoland/deno#33907), so that a call waits for an answer before it is sent. This does what 2.8 does:
 * when the stream has taken the encrypted bytes, TLS is driven on.
 */
function completeWrites(socket: tls.TLSSocket, stream: Duplex): void {
  if (!Deno.version.deno.startsWith("2.7.")) return;
  const handle: TlsHandle = Reflect.get(socket, "_handle");
  const drive = () => {
    if (socket.destroyed) return;
    handle.readBuffer?.(new Uint8Array(0));
    handle._flushEncOut?.();
  };
  const write = stream._write;
  stream._write = (chunk, encoding, callback) =>
    write.call(stream, chunk, encoding, (error) => {
      callback(error);
      if (!error) queueMicrotask(drive);
    });
}
