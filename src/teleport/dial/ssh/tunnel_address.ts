/**
 * Derives the address of a proxy's SSH tunnel from `/webapi/find` (teleport-protocol.md §2.3, §2.6).
 */

import * as v from "valibot";
import type { Environment } from "../../../net/proxy_env.ts";
import { type Address, parseAddress } from "../../../net/address.ts";

const text = v.optional(v.fallback(v.string(), ""), "");

/** The part of the response that is used; all other fields are ignored. */
export const ProxySettings = v.object({
  proxy: v.object({
    tls_routing_enabled: v.optional(v.fallback(v.boolean(), false), false),
    ssh: v.optional(
      v.object({
        tunnel_listen_addr: text,
        web_listen_addr: text,
        public_addr: text,
        ssh_public_addr: text,
        ssh_tunnel_public_addr: text,
      }),
      {},
    ),
  }),
});

/** The settings of a proxy that `/webapi/find` returns. */
export type ProxySettings = v.InferOutput<typeof ProxySettings>;

/** The address of an SSH tunnel and how to reach it. */
export interface Tunnel {
  readonly address: Address;
  /** Whether the tunnel is behind the web port's TLS, by ALPN `teleport-reversetunnel`. */
  readonly tls: boolean;
}

const HTTPS_PORT = 443;
const TUNNEL_PORT = 3024;
/** Listen addresses that mean all interfaces and name no host. */
const ANYWHERE = new Set(["0.0.0.0", "::", ""]);

/**
 * Finds the tunnel by Teleport's own rules. `dialed` supplies the host where a listen address names
 * none. Undefined when the proxy advertises no address that can be dialed.
 */
export function tunnelAddress(
  { proxy: { ssh, tls_routing_enabled: tls } }: ProxySettings,
  dialed: Address,
  env: Environment,
): Tunnel | undefined {
  const address = fromEnvironment(env) ??
    (tls ? routedAddress(ssh, dialed) : separateAddress(ssh, dialed));
  return address === undefined ? undefined : { address, tls };
}

/** `TELEPORT_TUNNEL_PUBLIC_ADDR`, which overrides what the proxy advertises; undefined when unset. */
export function fromEnvironment(env: Environment): Address | undefined {
  return read(env["TELEPORT_TUNNEL_PUBLIC_ADDR"] ?? "", TUNNEL_PORT);
}

type SshSettings = ProxySettings["proxy"]["ssh"];

function routedAddress(ssh: SshSettings, dialed: Address): Address | undefined {
  const webPort = listenedPort(ssh.web_listen_addr) ?? HTTPS_PORT;
  return read(ssh.public_addr, webPort) ?? listener(ssh.web_listen_addr, webPort, dialed);
}

function separateAddress(ssh: SshSettings, dialed: Address): Address | undefined {
  const port = listenedPort(ssh.tunnel_listen_addr) ?? TUNNEL_PORT;
  const withPort = (text: string) => {
    const address = read(text, port);
    return address && { host: address.host, port };
  };
  return read(ssh.ssh_tunnel_public_addr, port) ??
    withPort(ssh.ssh_public_addr) ??
    withPort(ssh.public_addr) ??
    listener(ssh.tunnel_listen_addr, port, dialed) ??
    withPort(ssh.web_listen_addr);
}

/** The port of a listen address, which may lack a host. */
function listenedPort(text: string): number | undefined {
  const digits = /:(\d{1,5})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function listener(text: string, port: number, dialed: Address): Address | undefined {
  if (text === "") return undefined;
  return read(text, port) ?? { host: dialed.host, port: listenedPort(text) ?? port };
}

/** An address that names a host. */
function read(text: string, defaultPort: number): Address | undefined {
  const address = parseAddress(text, defaultPort);
  return address && !ANYWHERE.has(address.host) ? address : undefined;
}
