/**
 * Two changes to how grpc-js connects, for our channels only; it has no options for them. Its version is
 * pinned, and `channel_test.ts` fails when its insides change.
 */

import type { ChannelOptions } from "@grpc/grpc-js";
import { Http2SubchannelConnector } from "@grpc/grpc-js/build/src/transport.js";
import type { ClientHttp2Session } from "node:http2";
import net from "node:net";

/** The channel option that asks for the changes. */
export const DIALED = "teleport-email.dialed";

/** These members are private in the types only. */
interface Connector {
  readonly session: ClientHttp2Session | null;
  tcpConnect(address: unknown, options: ChannelOptions): Promise<net.Socket>;
  createSession(
    connected: { readonly socket: net.Socket },
    address: unknown,
    options: ChannelOptions,
  ): Promise<unknown>;
}

let isChanged = false;

/** Makes the changes, once in a process. Channels without the option are left alone. */
export function changeConnector(): void {
  if (isChanged) return;
  isChanged = true;
  const connector = Http2SubchannelConnector.prototype as unknown as Connector;
  const { tcpConnect, createSession } = connector;
  // A TCP connection of its own comes before the secure one that is ours.
  connector.tcpConnect = function (address, options) {
    return DIALED in options
      ? Promise.resolve(new net.Socket())
      : tcpConnect.call(this, address, options);
  };
  connector.createSession = async function (connected, address, options) {
    const creating = createSession.call(this, connected, address, options);
    const { session } = this;
    const transport = await creating;
    if (DIALED in options && session !== null) letGoWhenClosed(session, connected.socket);
    return transport;
  };
}

/** Time for the runtime's own last calls, which come after the socket's `close`. */
const LAST_CALLS_MS = 50;

/**
 * Deno 2.9.3 never frees a closed session's handle (decisions/runtime.md, "What a reconnect
 * costs"), whose callbacks hold the socket and all that lies under it. Without them the socket can
 * go.
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
