/**
 * A simulated Teleport proxy: one TLS port that passes connections for the auth server through
 * unopened and answers everything else as the web server (wire.md §2.2, §2.6).
 */

import { Buffer } from "node:buffer";
import { createServer, type Server as HttpServer } from "node:http";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import { type ClientHello, parseClientHello } from "./client_hello.ts";
import { issueWebServer } from "./identity.ts";
import type { Pki } from "./pki.ts";
import { TcpListener } from "./tcp_listener.ts";

export interface ProxyOptions {
  readonly clusterName: string;
  /** Where the auth server listens, `host:port`. */
  readonly authAddress: string;
  /** The certificate that the web server shows. */
  readonly certPem: string;
  readonly keyPem: string;
}

/** Where a connection goes. */
export type Route = "auth" | "web" | "unknown cluster" | "not TLS";

const ALPN_AUTH = "teleport-auth@";
const ALPN_SUFFIX = ".teleport.cluster.local";

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startProxy(pki: Pki, authAddress: string): Promise<TeleportProxy> {
  const web = await issueWebServer(pki);
  const proxy = new TeleportProxy({ clusterName: pki.clusterName, authAddress, ...web });
  await proxy.start();
  return proxy;
}

/** The ALPN entry that asks a proxy for the auth server of a cluster. */
export function authAlpn(clusterName: string): string {
  return ALPN_AUTH + Buffer.from(clusterName).toString("hex") + ALPN_SUFFIX;
}

/** The proxy with its switches. */
export class TeleportProxy implements AsyncDisposable {
  serverVersion = "17.4.8";
  /** What /webapi/find says; the routing itself works in any case. */
  tlsRoutingEnabled = true;
  /** How many connections have gone where. */
  readonly routes: Map<Route, number> = new Map();
  readonly #listener: TcpListener;
  readonly #tls: tls.Server;
  readonly #http: HttpServer;

  constructor(readonly options: ProxyOptions) {
    this.#http = createServer((request, response) => {
      const path = (request.url ?? "/").replace(/\?.*$/, "");
      const known = path === "/webapi/find" || /^\/webapi\/ping(\/|$)/.test(path);
      response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(known ? this.#about() : { message: "path not found" }));
    });
    this.#tls = tls.createServer({
      cert: options.certPem,
      key: options.keyPem,
      ALPNProtocols: ["http/1.1"],
    }, (socket) => void this.#http.emit("connection", socket));
    this.#tls.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#listener = new TcpListener(net.createServer((socket) => this.#peek(socket)));
  }

  get port(): number {
    return this.#listener.port;
  }

  /** `127.0.0.1:<port>` */
  get address(): string {
    return this.#listener.address;
  }

  /** Breaks every connection, those to the auth server included. */
  breakConnections(): void {
    this.#listener.breakConnections();
  }

  /** Goes down: connections break and new ones are refused. */
  async stop(): Promise<void> {
    await this.#listener.stop();
  }

  /** Comes back on the same port. */
  async start(): Promise<void> {
    await this.#listener.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Collects bytes until the ClientHello is there, and gives them back before the socket goes on. */
  #peek(socket: Socket): void {
    let seen: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const parsed = parseClientHello(seen);
      if (parsed.kind === "more") return;
      socket.off("data", onData);
      socket.pause();
      socket.unshift(seen);
      const route = parsed.kind === "bad" ? "not TLS" : this.#route(parsed.hello);
      this.routes.set(route, (this.routes.get(route) ?? 0) + 1);
      if (route === "auth") this.#passThrough(socket);
      else if (route === "web") this.#tls.emit("connection", socket);
      else socket.destroy(); // without a TLS alert
    };
    socket.on("data", onData);
  }

  /** Only the first entry counts (wire.md §2.2). */
  #route({ alpn: [first = ""] }: ClientHello): Route {
    if (!first.startsWith(ALPN_AUTH)) return "web";
    return first === authAlpn(this.options.clusterName) ? "auth" : "unknown cluster";
  }

  #passThrough(client: Socket): void {
    const [host, port] = this.options.authAddress.split(":");
    const auth = net.connect({ host: host ?? "", port: Number(port) });
    // Whichever side breaks takes the other one with it.
    auth.on("error", () => {});
    auth.on("close", () => client.destroy());
    client.on("close", () => auth.destroy());
    // Small packets must not wait for each other's acknowledgement on the way through.
    for (const socket of [client, auth]) socket.setNoDelay();
    client.pipe(auth);
    auth.pipe(client);
  }

  #about(): Readonly<Record<string, unknown>> {
    return {
      auth: { type: "local", second_factor: "on" },
      proxy: {
        ssh: {
          listen_addr: "127.0.0.1:3023",
          tunnel_listen_addr: "127.0.0.1:3024",
          web_listen_addr: this.address,
          public_addr: this.address,
        },
        tls_routing_enabled: this.tlsRoutingEnabled,
      },
      server_version: this.serverVersion,
      min_client_version: "16.0.0-aa",
      cluster_name: this.options.clusterName,
      edition: "ent",
      fips: false,
    };
  }
}
