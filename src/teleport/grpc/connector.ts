/**
 * Two patches to how grpc-js connects, which apply to our channels only; it has no options for them. Its
 * version is pinned, and `channel_test.ts` fails when its internals change.
 */

import type { ChannelOptions } from "@grpc/grpc-js";
import { Http2SubchannelConnector, type Transport } from "@grpc/grpc-js/build/src/transport.js";
import type { ClientHttp2Session } from "node:http2";
import net from "node:net";

/** The channel option that enables the patches. */
export const DIALED = "teleport-email.dialed";

/** These members are private in the types only. */
interface Connector {
  readonly session: ClientHttp2Session | null;
  tcpConnect(address: unknown, options: ChannelOptions): Promise<net.Socket>;
  createSession(
    connected: { readonly socket: net.Socket },
    address: unknown,
    options: ChannelOptions,
  ): Promise<Transport>;
}

/** The HTTP/2 sessions of our channels, by the stream of each. */
const transports = new WeakMap<object, Transport>();

/** The HTTP/2 session over a stream; undefined until it is established. */
export function transportOver(stream: net.Socket): Transport | undefined {
  return transports.get(stream);
}

let isChanged = false;

/** Applies the patches once per process. Channels without the option are unaffected. */
export function changeConnector(): void {
  if (isChanged) return;
  isChanged = true;
  const connector = Http2SubchannelConnector.prototype as unknown as Connector;
  const { tcpConnect, createSession } = connector;
  // grpc-js would open a TCP connection before it asks for our secure one.
  connector.tcpConnect = function (address, options) {
    return DIALED in options
      ? Promise.resolve(new net.Socket())
      : tcpConnect.call(this, address, options);
  };
  connector.createSession = async function (connected, address, options) {
    const creating = createSession.call(this, connected, address, options);
    const { session } = this;
    const transport = await creating;
    if (DIALED in options) transports.set(connected.socket, transport);
    if (DIALED in options && session !== null) letGoWhenClosed(session, connected.socket);
    return transport;
  };
}

/** Time for the runtime's own callbacks after the socket's `close` event. */
const LAST_CALLS_MS = 50;

/**
 * Deno 2.9.3 never frees a closed session's handle (decisions/runtime.md, "What a reconnect
 * costs"), whose callbacks reference the socket and everything under it. Deleting them lets the
 * socket be collected.
 */
function letGoWhenClosed(session: ClientHttp2Session, socket: net.Socket): void {
  const key = Object.getOwnPropertySymbols(session).find(({ description }) =>
    description === "kHandle"
  );
  const handle: unknown = key === undefined ? undefined : Reflect.get(session, key);
  if (typeof handle !== "object" || handle === null) return;
  const letGo = () => {
    for (const name of Reflect.ownKeys(handle)) Reflect.deleteProperty(handle, name);
  };
  socket.once("close", () => Deno.unrefTimer(setTimeout(letGo, LAST_CALLS_MS)));
}
