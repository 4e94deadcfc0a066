/** The WebSocket of a connection upgrade, as a stream. */

import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { createWebSocketStream, WebSocket } from "ws";
import { orAborted } from "../../abort.ts";
import { type Address, formatAddress } from "../../net/address.ts";
import { startDeadline } from "../../net/deadline.ts";
import { networkFault } from "../../net/network_fault.ts";
import { ClusterError } from "../errors.ts";

const PATH = "/webapi/connectionupgrade";

/** The server refused the subprotocol, or did not select one. */
export class ProtocolRefused extends ClusterError {
  constructor(message: string) {
    super("unavailable", message);
  }
}

/**
 * Asks the proxy on `socket` for a stream with one of its subprotocols.
 *
 * @throws {ClusterError} {@linkcode ProtocolRefused} if another subprotocol may be accepted
 */
export async function openWebSocket(
  socket: Duplex,
  address: Address,
  protocol: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const websocket = new WebSocket(`ws://${formatAddress(address)}${PATH}`, [protocol], {
    createConnection: () => socket,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  const onError = (error: Error) => reject(explain(error));
  websocket.once("unexpected-response", (_request, response) => {
    websocket.terminate();
    reject(unexpected(response.statusCode));
  });
  websocket.once("error", onError);
  websocket.once("open", () => {
    websocket.off("error", onError);
    const stream = createWebSocketStream(websocket);
    // The reader handles errors; without a listener at that moment an error would be uncaught.
    stream.on("error", () => {});
    // A closed WebSocket only ends the stream; TLS inside it would wait for more data.
    stream.on("end", () => stream.destroy());
    resolve(stream);
  });
  // Terminating a socket that is still connecting also emits an error event.
  websocket.on("error", () => {});
  // The library reports neither every end of the connection nor an answer that trickles in.
  const onClose = () => reject(explain(new Error("ECONNRESET")));
  socket.once("close", onClose);
  using deadline = startDeadline(timeoutMs, signal);
  try {
    return await orAborted(promise, deadline.signal);
  } catch (error) {
    websocket.terminate();
    if (!deadline.signal.aborted) throw error;
    const message = deadline.expired
      ? "the connection upgrade timed out"
      : "the attempt was cancelled";
    throw new ClusterError("unavailable", message, { cause: error });
  } finally {
    socket.off("close", onClose);
  }
}

function explain(error: Error): ClusterError {
  if (/subprotocol/i.test(error.message)) {
    return new ProtocolRefused(
      "the server accepts a WebSocket, but not Teleport's subprotocol: it is not the proxy",
    );
  }
  const message = `the connection upgrade failed: ${networkFault(error)}`;
  return new ClusterError("unavailable", message, { cause: error });
}

function unexpected(status: number | undefined): ClusterError {
  if (status === 404) {
    return new ClusterError(
      "unavailable",
      "the server does not support connection upgrades (HTTP 404): not a Teleport proxy, or one before " +
        "version 15.1",
    );
  }
  const message = `the connection upgrade is refused with HTTP ${status}`;
  return status === 400 ? new ProtocolRefused(message) : new ClusterError("unavailable", message);
}
