/** One gRPC connection to the auth server, over a stream that has been dialed. */

import * as grpc from "@grpc/grpc-js";
import type { TLSSocket } from "node:tls";
import { type ChannelOptions, openChannel } from "./grpc/channel.ts";
import type { Credentials } from "./credentials.ts";
import type { ConnectionMethod } from "./dial/method.ts";
import { ClusterError } from "./errors.ts";

export interface Connection {
  readonly grpc: grpc.Client;
  readonly way: ConnectionMethod;
  /** What it was made with. */
  readonly credentials: Credentials;
  readonly sinceMs: number;
  /** Aborted when it takes no more calls: lost, told to go away, or replaced. Open streams may go on. */
  readonly retired: AbortSignal;
  /** Takes no more calls; closes when the last stream has ended. */
  retire(): void;
  /** Ends everything at once. */
  destroy(): void;
  /** Calls `action` when the stream has closed. */
  onClosed(action: () => void): void;
}

export interface ConnectionParts {
  readonly stream: TLSSocket;
  readonly way: ConnectionMethod;
  readonly credentials: Credentials;
  readonly nowMs: number;
}

/** A server sends its settings at once; one that is busy may take a while. */
const READY_TIMEOUT_MS = 10_000;

/**
 * Opens HTTP/2 and waits until the server takes part in it.
 *
 * @throws {ClusterError} `unavailable`; the stream is destroyed then
 */
export async function openConnection(
  { stream, way, credentials, nowMs }: ConnectionParts,
  signal: AbortSignal,
  options: ChannelOptions = {},
): Promise<Connection> {
  const client = openChannel(stream, options);
  const retired = new AbortController();
  const retire = () => {
    if (retired.signal.aborted) return;
    retired.abort();
    client.close();
  };
  const destroy = () => {
    retire();
    stream.destroy();
  };
  signal.addEventListener("abort", destroy);
  try {
    await ready(client, stream, options.readyTimeoutMs ?? READY_TIMEOUT_MS);
  } catch (error) {
    destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", destroy);
  }
  // GOAWAY does not end the stream, but the channel leaves its state.
  client.getChannel().watchConnectivityState(grpc.connectivityState.READY, Infinity, retire);
  stream.once("close", retire);
  return {
    grpc: client,
    way,
    credentials,
    sinceMs: nowMs,
    retired: retired.signal,
    retire,
    destroy,
    onClosed: (action) => {
      if (stream.closed) action();
      else stream.once("close", action);
    },
  };
}

function ready(client: grpc.Client, stream: TLSSocket, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (message: string) => reject(new ClusterError("unavailable", message));
  const onClose = () => fail("the server closed the connection instead of answering");
  stream.once("close", onClose);
  client.waitForReady(Date.now() + timeoutMs, (error) => {
    if (error === undefined) resolve();
    else fail("the server does not answer over the connection it has accepted: timed out");
  });
  return promise.finally(() => stream.off("close", onClose));
}
