/**
 * A simulated layer 7 load balancer before a proxy: it terminates TLS and drops ALPN, so that only HTTP
 * and upgraded connections reach the proxy (teleport-protocol.md §2.4).
 */

import type { Duplex } from "node:stream";
import tls from "node:tls";
import { issueWebServer } from "../pki/identity.ts";
import type { Issued, Pki } from "../pki/pki.ts";
import { splice } from "./splice.ts";
import { TcpListener } from "./tcp_listener.ts";

/** Starts a load balancer on a free port of 127.0.0.1, before a proxy's `host:port`. */
export async function startBalancer(pki: Pki, proxyAddress: string): Promise<Balancer> {
  const balancer = new Balancer(await issueWebServer(pki), pki.webCa.certPem, proxyAddress);
  await balancer.start();
  return balancer;
}

/** The load balancer with its switches. */
export class Balancer extends TcpListener {
  /** Drops connections that have been idle for this long, milliseconds; 0 = never. */
  idleTimeoutMs = 0;
  /** The number of connections dropped because they were idle. */
  idleDrops = 0;

  constructor(web: Issued, private readonly webCaPem: string, readonly proxyAddress: string) {
    // No ALPN at all: what a client offers is ignored.
    const server = tls.createServer({ cert: web.certPem, key: web.keyPem });
    super(server);
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.on("secureConnection", (socket) => this.#forward(socket));
  }

  #forward(client: Duplex): void {
    const [host = "", port] = this.proxyAddress.split(":");
    const proxy = tls.connect({
      host,
      port: Number(port),
      servername: "localhost",
      ca: this.webCaPem,
      ALPNProtocols: ["http/1.1"],
    });
    if (this.idleTimeoutMs > 0) this.#dropWhenIdle(client, proxy);
    splice(client, proxy);
  }

  #dropWhenIdle(client: Duplex, proxy: Duplex): void {
    const drop = () => {
      this.idleDrops++;
      client.destroy();
    };
    let timer = setTimeout(drop, this.idleTimeoutMs);
    const isMoving = () => {
      clearTimeout(timer);
      timer = setTimeout(drop, this.idleTimeoutMs);
    };
    client.on("data", isMoving);
    proxy.on("data", isMoving);
    client.on("close", () => clearTimeout(timer));
  }
}
