/** One gRPC connection to the auth server, over a stream that has been dialed. */

import * as grpc from "@grpc/grpc-js";
import type { Transport } from "@grpc/grpc-js/build/src/transport.js";
import type { TLSSocket } from "node:tls";
import { type ChannelOptions, openChannel } from "./grpc/channel.ts";
import { transportOver } from "./grpc/connector.ts";
import type { Credentials } from "./credentials.ts";
import type { ConnectionMethod } from "./dial/method.ts";
import { ClusterError } from "./errors.ts";

/**
 * A connection to the auth server:
 *
 * - in use: takes calls
 * - retired: takes no more calls; open streams may continue
 * - closed: every stream has ended
 */
export interface Connection {
  /** For streams. */
  readonly grpc: grpc.Client;
  /** For unary calls: the session under `grpc`. */
  readonly transport: Transport;
  readonly method: ConnectionMethod;
  /** The credentials that it was made with. */
  readonly credentials: Credentials;
  readonly sinceMs: number;
  /** Aborted when the connection takes no more calls: lost, ended by GOAWAY, or replaced. */
  readonly retired: AbortSignal;
  /** Refuses further calls; the connection closes when its last stream has ended. */
  retire(): void;
  /** Closes the connection and its streams immediately. */
  destroy(): void;
  /** Calls `action` once the connection is closed. */
  onClosed(action: () => void): void;
}

/** A dialed stream and how it was made. */
export interface ConnectionParts {
  readonly stream: TLSSocket;
  readonly method: ConnectionMethod;
  readonly credentials: Credentials;
  readonly nowMs: number;
}

/** Time limit for the server's HTTP/2 settings, which an idle server sends immediately. */
const READY_TIMEOUT_MS = 10_000;

/**
 * Opens HTTP/2 and waits for the server's settings.
 *
 * @throws {ClusterError} `unavailable`; the stream is destroyed then
 */
export async function openConnection(
  { stream, method, credentials, nowMs }: ConnectionParts,
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
  let transport: Transport;
  signal.addEventListener("abort", destroy);
  try {
    transport = await ready(client, stream, options.readyTimeoutMs ?? READY_TIMEOUT_MS);
  } catch (error) {
    destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", destroy);
  }
  // GOAWAY does not close the stream, but the channel leaves the state READY.
  client.getChannel().watchConnectivityState(grpc.connectivityState.READY, Infinity, retire);
  stream.once("close", retire);
  return {
    grpc: client,
    transport,
    method,
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

function ready(client: grpc.Client, stream: TLSSocket, timeoutMs: number): Promise<Transport> {
  const { promise, resolve, reject } = Promise.withResolvers<Transport>();
  const fail = (message: string) => reject(new ClusterError("unavailable", message));
  const onClose = () => fail("the server closed the connection instead of answering");
  stream.once("close", onClose);
  client.waitForReady(Date.now() + timeoutMs, (error) => {
    const transport = transportOver(stream);
    if (error === undefined && transport !== undefined) resolve(transport);
    else fail("the server does not answer over the connection it has accepted: timed out");
  });
  return promise.finally(() => stream.off("close", onClose));
}
