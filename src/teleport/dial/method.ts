/** The methods of connecting to a cluster, and their common input (teleport-protocol.md §2). */

import type { Address } from "../../net/address.ts";
import type { TLSSocket } from "node:tls";
import type { Lookup } from "../../net/dial.ts";
import type { Environment } from "../../net/proxy_env.ts";
import type { Credentials } from "../credentials.ts";
import { ClusterError } from "../errors.ts";

/**
 * - `direct`: TLS to the configured address
 * - `upgrade`: a WebSocket through a load balancer that terminates TLS
 * - `ssh`: the proxy's SSH reverse tunnel
 */
export type ConnectionMethod = "direct" | "upgrade" | "ssh";

/** The input of every connection method. */
export interface DialContext {
  /** As configured: of an auth server, a proxy, a load balancer or an SSH tunnel. */
  readonly address: Address;
  readonly credentials: Credentials;
  /** `HTTPS_PROXY`, `NO_PROXY`, `TELEPORT_TUNNEL_PUBLIC_ADDR`, `TELEPORT_TLS_ROUTING_CONN_UPGRADE`. */
  readonly env: Environment;
  /** Root CAs for the public certificate of a proxy or load balancer, PEM; undefined = the runtime's. */
  readonly webRoots: () => Promise<readonly string[] | undefined>;
  readonly lookup: Lookup;
  readonly now: () => number;
  /** Time limit of one step: connecting, a handshake, a web request. */
  readonly stepTimeoutMs: number;
}

/**
 * Makes a connection that ends at the auth server, TLS with it included.
 *
 * @throws {ClusterError} with one line about the cause, which does not repeat the configured address
 */
export type Dial = (context: DialContext, signal: AbortSignal) => Promise<TLSSocket>;

/** The method does not apply to this server or these credentials; other methods may. */
export class MethodNotApplicable extends ClusterError {
  constructor(message: string, options?: ErrorOptions) {
    super("unavailable", message, options);
  }
}
