/**
 * Detects a load balancer that terminates TLS before the proxy, so that ALPN does not reach it
 * (teleport-protocol.md §2.4).
 */

import type { TLSSocket } from "node:tls";
import type { Environment } from "../../net/proxy_env.ts";
import { type Address, formatAddress } from "../../net/address.ts";
import { type DialContext } from "./method.ts";
import { connectWeb, NoCommonProtocol } from "./web_tls.ts";

/** The ALPN protocol of a proxy's SSH reverse tunnel. */
export const REVERSE_TUNNEL = "teleport-reversetunnel";

const VARIABLE = "TELEPORT_TLS_ROUTING_CONN_UPGRADE";
const YES = new Set(["1", "t", "true", "yes"]);
const NO = new Set(["0", "f", "false", "no"]);

/**
 * The setting of the environment for `address`, which may be `true`, `false`, or
 * `host:port=yes;other=no`; undefined when it has none.
 */
export function upgradeOverride(address: Address, env: Environment): boolean | undefined {
  const value = (env[VARIABLE] ?? "").trim();
  for (const part of value.split(/[;,]/)) {
    const [name = "", word] = part.split("=").map((piece) => piece.trim().toLowerCase());
    const answer = word === undefined ? name : word;
    const applies = word === undefined ||
      [address.host, formatAddress(address)].some((known) => known.toLowerCase() === name);
    if (applies && YES.has(answer)) return true;
    if (applies && NO.has(answer)) return false;
  }
  return undefined;
}

/**
 * Offers the web port a protocol that only a proxy knows; undefined when the server does not select
 * it, which is Teleport's test for a load balancer that terminates TLS.
 *
 * @throws {ClusterError} when the connection fails; the test then has no result
 */
export async function offerTunnel(
  address: Address,
  context: DialContext,
  signal: AbortSignal,
): Promise<TLSSocket | undefined> {
  try {
    const socket = await connectWeb(address, [REVERSE_TUNNEL], context, signal);
    if (socket.alpnProtocol === REVERSE_TUNNEL) return socket;
    socket.destroy();
  } catch (error) {
    if (!(error instanceof NoCommonProtocol)) throw error;
  }
  return undefined;
}

/**
 * Whether an upgrade is needed to reach the proxy at `address`.
 *
 * @throws {ClusterError} when the connection fails
 */
export async function needsUpgrade(
  address: Address,
  context: DialContext,
  signal: AbortSignal,
): Promise<boolean> {
  const socket = await offerTunnel(address, context, signal);
  socket?.destroy();
  return socket === undefined;
}
