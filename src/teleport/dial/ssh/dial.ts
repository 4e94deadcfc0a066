/** The `ssh` connection method: through a proxy's SSH reverse tunnel (teleport-protocol.md §2.3). */

import type { Duplex } from "node:stream";
import { ClusterError } from "../../errors.ts";
import { secureAuthConnection } from "../direct.ts";
import { findProxy } from "../find.ts";
import { connectTcp } from "../tcp.ts";
import { fromEnvironment, type Tunnel, tunnelAddress } from "./tunnel_address.ts";
import { openUpgrade } from "../upgrade.ts";
import { offerTunnel, REVERSE_TUNNEL, upgradeOverride } from "../upgrade_need.ts";
import { type Address, formatAddress } from "../../../net/address.ts";
import { type Dial, type DialContext, MethodNotApplicable } from "../method.ts";
import { NoTls, secureWeb } from "../web_tls.ts";

/** Dials the tunnel that the proxy advertises, or the configured address if no web server answers there. */
export const dialBySsh: Dial = async (context, signal) => {
  const { credentials, stepTimeoutMs: timeoutMs } = context;
  if (credentials.ssh === undefined) {
    throw new MethodNotApplicable(
      "the credentials have no SSH certificate, only an identity file has one",
    );
  }
  const tunnel = await findTunnel(context, signal);
  try {
    const stream = await connectTunnel(tunnel, context, signal);
    // Its library is large, and few installations need it.
    const { openSshTunnel } = await import("./tunnel.ts");
    const options = { timeoutMs, nowMs: context.now(), signal };
    const channel = await openSshTunnel(stream, tunnel.address.host, credentials, options);
    return await secureAuthConnection(channel, credentials, timeoutMs, signal);
  } catch (error) {
    if (!(error instanceof ClusterError) || sameAddress(tunnel.address, context.address)) {
      throw error;
    }
    const where = `tunnel '${formatAddress(tunnel.address)}': ${error.message}`;
    throw new ClusterError(error.kind, where, { cause: error });
  }
};

async function findTunnel(context: DialContext, signal: AbortSignal): Promise<Tunnel> {
  const { address, env } = context;
  try {
    const tunnel = tunnelAddress(await findProxy(address, context, signal), address, env);
    if (tunnel !== undefined) return tunnel;
  } catch (error) {
    const named = fromEnvironment(env);
    if (named !== undefined) return { address: named, tls: false };
    // A server that does not speak TLS may be the tunnel itself.
    if (error instanceof NoTls) return { address, tls: false };
    throw error;
  }
  throw new ClusterError(
    "unavailable",
    "the proxy does not say where its SSH tunnel is: set TELEPORT_TUNNEL_PUBLIC_ADDR",
  );
}

/** With TLS routing the tunnel shares the web port, and the load balancer before it. */
async function connectTunnel(
  { address, tls }: Tunnel,
  context: DialContext,
  signal: AbortSignal,
): Promise<Duplex> {
  if (!tls) return await connectTcp(address, context, signal);
  const override = upgradeOverride(address, context.env);
  if (override !== true) {
    // The connection attempt is the test for a load balancer (teleport-protocol.md §2.4); if it
    // reaches the proxy, the connection is used.
    const socket = await offerTunnel(address, context, signal);
    if (socket !== undefined) return socket;
    if (override === false) {
      throw new ClusterError(
        "unavailable",
        "a load balancer terminates TLS there, and TELEPORT_TLS_ROUTING_CONN_UPGRADE forbids the upgrade",
      );
    }
  }
  const roots = await context.webRoots();
  const stream = await openUpgrade(address, context, signal);
  const server = { host: address.host, alpn: [REVERSE_TUNNEL], roots };
  return await secureWeb(stream, server, context.stepTimeoutMs, signal);
}

function sameAddress(one: Address, other: Address): boolean {
  return one.host === other.host && one.port === other.port;
}
