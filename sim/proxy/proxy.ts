/**
 * A simulated Teleport proxy: one TLS port that passes connections for the auth server through without
 * terminating TLS, speaks SSH with clients that request the tunnel, and is a web server for all others
 * (teleport-protocol.md §2.2 to §2.6).
 */

import { Buffer } from "node:buffer";
import { createServer, type Server as HttpServer } from "node:http";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls, { type TLSSocket } from "node:tls";
import type { ClientHello } from "./client_hello.ts";
import { ConnectionUpgrade, refuse } from "./connection_upgrade.ts";
import { issueWebServer } from "../pki/identity.ts";
import { peekHello } from "./peek_hello.ts";
import type { Issued, Pki } from "../pki/pki.ts";
import { dial, splice } from "./splice.ts";
import { SshTunnelServer } from "./ssh/server.ts";
import { TcpListener } from "./tcp_listener.ts";
import { WebFind } from "./web_find.ts";

/** The servers behind the proxy, and its certificate. */
export interface ProxyOptions {
  readonly clusterName: string;
  /** The auth server's `host:port`. */
  readonly authAddress: string;
  /** The web server's certificate. */
  readonly web: Issued;
  /** Serves SSH on the web port; it may also have a listener of its own. */
  readonly ssh: SshTunnelServer;
}

/** The target of a connection. */
export type Route = "auth" | "tunnel" | "web" | "no protocol" | "unknown cluster" | "not TLS";

const ALPN_AUTH = "teleport-auth@";
const ALPN_SUFFIX = ".teleport.cluster.local";
const ALPN_TUNNEL = "teleport-reversetunnel";
const ALPN_WEB = ["http/1.1", "h2"];

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startProxy(
  pki: Pki,
  authAddress: string,
  ssh: SshTunnelServer = new SshTunnelServer(pki, authAddress),
  webServer?: Issued,
): Promise<TeleportProxy> {
  const web = webServer ?? await issueWebServer(pki);
  const proxy = new TeleportProxy({ clusterName: pki.clusterName, authAddress, web, ssh });
  await proxy.start();
  return proxy;
}

/** The ALPN entry that requests the auth server of a cluster. */
export function authAlpn(clusterName: string): string {
  return ALPN_AUTH + Buffer.from(clusterName).toString("hex") + ALPN_SUFFIX;
}

/** The proxy with its switches. */
export class TeleportProxy extends TcpListener {
  serverVersion = "17.4.8";
  /** /webapi/find. */
  readonly find: WebFind = new WebFind();
  /** /webapi/connectionupgrade. */
  readonly upgrade: ConnectionUpgrade = new ConnectionUpgrade((stream) => this.#serve(stream));
  /** The number of connections by target; a connection inside an upgrade counts again. */
  readonly routes: Map<Route, number> = new Map();
  readonly #web: tls.Server;
  readonly #tunnel: tls.Server;

  constructor(readonly options: ProxyOptions) {
    super(net.createServer((socket) => this.#serve(socket)));
    const http = this.#httpServer();
    this.#web = this.#tlsServer(ALPN_WEB, (socket) => void http.emit("connection", socket));
    this.#tunnel = this.#tlsServer([ALPN_TUNNEL], (socket) => options.ssh.serve(socket));
  }

  /** Routes a connection by its ClientHello. */
  #serve(stream: Duplex): void {
    peekHello(stream, (parsed) => {
      const route = parsed.kind === "bad" ? "not TLS" : this.#route(parsed.hello);
      this.routes.set(route, (this.routes.get(route) ?? 0) + 1);
      if (route === "auth") splice(stream, dial(this.options.authAddress));
      else if (route === "tunnel") this.#tunnel.emit("connection", stream);
      // TLS itself refuses clients without a common protocol, with an alert.
      else if (route === "web" || route === "no protocol") this.#web.emit("connection", stream);
      else stream.destroy(); // without a TLS alert
    });
  }

  /**
   * In the client's order; only the first entry can select the auth server (teleport-protocol.md
   * §2.2).
   */
  #route({ alpn }: ClientHello): Route {
    const known = alpn.find((name) =>
      name.startsWith(ALPN_AUTH) || name === ALPN_TUNNEL || ALPN_WEB.includes(name)
    );
    if (known === undefined) return alpn.length === 0 ? "web" : "no protocol";
    if (known === ALPN_TUNNEL) return "tunnel";
    if (!known.startsWith(ALPN_AUTH)) return "web";
    return alpn[0] === authAlpn(this.options.clusterName) ? "auth" : "unknown cluster";
  }

  #tlsServer(ALPNProtocols: string[], serve: (socket: TLSSocket) => void): tls.Server {
    const { certPem: cert, keyPem: key } = this.options.web;
    const server = tls.createServer({ cert, key, ALPNProtocols }, (socket) => {
      this.breakFirst(socket);
      serve(socket);
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    return server;
  }

  #httpServer(): HttpServer {
    const pathOf = (url = "/") => url.replace(/\?.*$/, "");
    const http = createServer((request, response) => {
      const path = pathOf(request.url);
      const known = path === "/webapi/find" || /^\/webapi\/ping(\/|$)/.test(path);
      response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(known ? this.#about() : { message: "path not found" }));
    });
    http.on("upgrade", (request, socket, head) => {
      if (pathOf(request.url) !== "/webapi/connectionupgrade") refuse(socket, "404 Not Found");
      else this.upgrade.handle(request, socket, head);
    });
    return http;
  }

  #about(): Readonly<Record<string, unknown>> {
    const { clusterName, ssh } = this.options;
    const about = { clusterName, serverVersion: this.serverVersion };
    return this.find.answer(about, { web: this.port, tunnel: ssh.port });
  }
}
