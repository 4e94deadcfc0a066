/** The settings that a proxy serves at /webapi/find (teleport-protocol.md §2.6). */

/** One web port for everything, or a separate SSH tunnel port. */
export type ListenerMode = "multiplex" | "separate";

/** Names of the addresses under `proxy.ssh`. */
export type SshAddressKey =
  | "listen_addr"
  | "tunnel_listen_addr"
  | "web_listen_addr"
  | "public_addr"
  | "ssh_public_addr"
  | "ssh_tunnel_public_addr";

/** Changes to the answer. */
export class WebFind {
  listenerMode: ListenerMode = "multiplex";
  /** The public address, such as that of a load balancer; default the proxy's own. */
  publicAddr: string | undefined;
  /** Default according to the mode; routing works regardless. */
  tlsRoutingEnabled: boolean | undefined;
  /** Overrides addresses; undefined removes one. */
  ssh: { readonly [Key in SshAddressKey]?: string | undefined } = {};

  /** The answer of a proxy with these ports. */
  answer(
    about: { readonly clusterName: string; readonly serverVersion: string },
    ports: { readonly web: number; readonly tunnel: number },
  ): Readonly<Record<string, unknown>> {
    const isMultiplex = this.listenerMode === "multiplex";
    // A real proxy listens on all interfaces and reports that address.
    const listen = (port: number) => `0.0.0.0:${port}`;
    return {
      auth: { type: "local", second_factor: "on" },
      proxy: {
        ssh: {
          listen_addr: listen(isMultiplex ? ports.web : 3023),
          tunnel_listen_addr: listen(isMultiplex ? ports.web : ports.tunnel),
          web_listen_addr: listen(ports.web),
          public_addr: this.publicAddr ?? `127.0.0.1:${ports.web}`,
          ...this.ssh,
        },
        tls_routing_enabled: this.tlsRoutingEnabled ?? isMultiplex,
      },
      server_version: about.serverVersion,
      min_client_version: "16.0.0-aa",
      cluster_name: about.clusterName,
      edition: "ent",
      fips: false,
    };
  }
}
