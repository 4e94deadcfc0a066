/** The methods of connecting to a cluster, and their common input (teleport-protocol.md §2). */

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

/** Host and port of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

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

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Parses `host`, `host:port`, `[v6]:port` or a bare IPv6 address, with or without a scheme before it;
 * undefined when the text is not an address.
 */
export function parseAddress(text: string, defaultPort: number): Address | undefined {
  const bare = text.trim().replace(/^[a-z]+:\/\//i, "").replace(/\/.*$/, "");
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(bare) ??
    [];
  const host = bracketed ?? plain ?? (/^[0-9a-f:.]+$/i.test(bare) ? bare : "");
  const number = port === undefined ? defaultPort : Number(port);
  return host === "" || number < 1 || number > 65_535 ? undefined : { host, port: number };
}
