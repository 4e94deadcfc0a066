/**
 * The `upgrade` connection method, for load balancers that terminate TLS: a WebSocket to the proxy's
 * web server, inside which the proxy routes as on its own port (teleport-protocol.md §2.4).
 */

import type { Duplex } from "node:stream";
import { secureAuthConnection } from "./direct.ts";
import { needsUpgrade, upgradeOverride } from "./upgrade_need.ts";
import type { Address } from "../../net/address.ts";
import { type Dial, type DialContext, MethodNotApplicable } from "./method.ts";
import { connectWeb } from "./web_tls.ts";

/** First with pings from the proxy, which keep a load balancer from closing an idle connection. */
const PROTOCOLS = ["alpn-ping", "alpn"];

/** Upgrades unconditionally, for `via = "upgrade"`. */
export const dialByUpgrade: Dial = async (context, signal) => {
  const stream = await openUpgrade(context.address, context, signal);
  return await secureAuthConnection(stream, context.credentials, context.stepTimeoutMs, signal);
};

/** Upgrades if the environment or a probe of the server says that it is needed. */
export const dialByUpgradeIfNeeded: Dial = async (context, signal) => {
  const needed = upgradeOverride(context.address, context.env) ??
    await needsUpgrade(context.address, context, signal);
  if (!needed) {
    throw new MethodNotApplicable("not needed: no load balancer terminates TLS at this address");
  }
  return await dialByUpgrade(context, signal);
};

/**
 * Opens the upgraded connection; what is written to it reaches the proxy as if on its own port.
 *
 * @throws {ClusterError}
 */
export async function openUpgrade(
  address: Address,
  context: DialContext,
  signal: AbortSignal,
): Promise<Duplex> {
  // Few installations need it: the others start without it.
  const { openWebSocket, ProtocolRefused } = await import("./websocket.ts");
  let failure: unknown;
  for (const protocol of PROTOCOLS) {
    const socket = await connectWeb(address, ["http/1.1"], context, signal);
    try {
      return await openWebSocket(socket, address, protocol, context.stepTimeoutMs, signal);
    } catch (error) {
      socket.destroy();
      failure ??= error;
      // Only a refused subprotocol is worth a second attempt.
      if (!(error instanceof ProtocolRefused)) break;
    }
  }
  throw failure;
}
