/** The ways into a cluster, and what each of them needs to know (teleport-protocol.md §2). */

import type { TLSSocket } from "node:tls";
import type { Lookup } from "../../net/dial.ts";
import type { Environment } from "../../net/proxy_env.ts";
import type { Credentials } from "../credentials.ts";
import { ClusterError } from "../errors.ts";

export type ConnectionMethod = "direct" | "upgrade" | "ssh";

/** Host and port of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface DialContext {
  /** The configured one: of an auth server, a proxy, a balancer or an SSH tunnel. */
  readonly address: Address;
  readonly credentials: Credentials;
  /** `HTTPS_PROXY` and its kin, `TELEPORT_TUNNEL_PUBLIC_ADDR`, `TELEPORT_TLS_ROUTING_CONN_UPGRADE`. */
  readonly env: Environment;
  /** Who vouches for a proxy's or balancer's public certificate, PEM; undefined = the runtime's list. */
  readonly webRoots: () => Promise<readonly string[] | undefined>;
  readonly lookup: Lookup;
  readonly now: () => number;
  /** What one step may take: connecting, a handshake, a question to the web server. */
  readonly stepTimeoutMs: number;
}

/**
 * Makes a connection that ends at the auth server, TLS with it included.
 *
 * @throws {ClusterError} with one line about the cause, which does not repeat the configured address
 */
export type Dial = (context: DialContext, signal: AbortSignal) => Promise<TLSSocket>;

/** This way is not meant for such a server or such credentials; says nothing about the others. */
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
 * Reads `host`, `host:port`, `[v6]:port` or a bare IPv6 address, with a scheme in front or not; undefined
 * when it is none.
 */
export function parseAddress(text: string, defaultPort: number): Address | undefined {
  const bare = text.trim().replace(/^[a-z]+:\/\//i, "").replace(/\/.*$/, "");
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(bare) ??
    [];
  const host = bracketed ?? plain ?? (/^[0-9a-f:.]+$/i.test(bare) ? bare : "");
  const number = port === undefined ? defaultPort : Number(port);
  return host === "" || number < 1 || number > 65_535 ? undefined : { host, port: number };
}
