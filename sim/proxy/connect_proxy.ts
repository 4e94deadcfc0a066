/** An HTTP proxy that supports only CONNECT (RFC 9110 §9.3.6). */

import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { Issued } from "../pki/pki.ts";
import { refuse } from "./connection_upgrade.ts";
import { dial, splice } from "./splice.ts";
import { TcpListener } from "./tcp_listener.ts";

/** Starts a proxy on a free port of 127.0.0.1, which uses TLS with clients if it has a certificate. */
export async function startConnectProxy(certificate?: Issued): Promise<ConnectProxy> {
  const proxy = new ConnectProxy(certificate);
  await proxy.start();
  return proxy;
}

/** The proxy with its switches and counters. */
export class ConnectProxy extends TcpListener {
  /** The required `user:password`. */
  login: string | undefined;
  /** Refuses every tunnel with this status, such as `403 Forbidden`. */
  refusal: string | undefined;
  /** Accepts requests and never answers. */
  isSilent = false;
  /** Answers with something that is not HTTP. */
  isGarbled = false;
  /** The status of its answer when a tunnel is open. */
  success = "200 Connection established";
  /** The `Proxy-Authorization` of each request, "" for none. */
  readonly authorizations: string[] = [];
  /** Maps a target to the address to dial, for names that cannot be resolved. */
  resolve: (target: string) => string = (target) => target;
  /** The number of opened tunnels, by `host:port`. */
  readonly tunnels: Map<string, number> = new Map();

  constructor(certificate?: Issued) {
    const refuse: http.RequestListener = (_request, response) => void response.writeHead(405).end();
    const server = certificate === undefined
      ? http.createServer(refuse)
      : https.createServer({ cert: certificate.certPem, key: certificate.keyPem }, refuse);
    super(server);
    server.on("tlsClientError", (_error: Error, socket: Duplex) => void socket.destroy());
    server.on("connect", (request, socket: Duplex) => this.#connect(request, socket));
  }

  #connect(request: http.IncomingMessage, socket: Duplex): void {
    socket.on("error", () => {});
    this.authorizations.push(request.headers["proxy-authorization"] ?? "");
    if (this.isSilent) return;
    if (this.isGarbled) return void socket.end("who is there?\r\n\r\n");
    const expected = this.login === undefined ? undefined : `Basic ${btoa(this.login)}`;
    if (expected !== undefined && request.headers["proxy-authorization"] !== expected) {
      return refuse(socket, "407 Proxy Authentication Required");
    }
    if (this.refusal !== undefined) return refuse(socket, this.refusal);
    const target = request.url ?? "";
    const server = dial(this.resolve(target));
    server.once("error", () => refuse(socket, "502 Bad Gateway"));
    server.once("connect", () => {
      this.tunnels.set(target, (this.tunnels.get(target) ?? 0) + 1);
      socket.write(`HTTP/1.1 ${this.success}\r\n\r\n`);
      splice(socket, server);
    });
  }
}
