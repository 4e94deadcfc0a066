/** Simple clients for tests of servers and proxies. */

import net from "node:net";
import type { Duplex } from "node:stream";
import tls, { type TLSSocket } from "node:tls";
// @ts-types="@types/ws"
import { WebSocket } from "ws";
import { issueIdentity } from "../pki/identity.ts";
import type { Pki } from "../pki/pki.ts";
import { authAlpn } from "../proxy/proxy.ts";

/**
 * Waits for the handshake of a connection.
 *
 * @throws {Error} when it is closed before
 */
export async function connectTls(options: tls.ConnectionOptions): Promise<TLSSocket> {
  return await new Promise((resolve, reject) => {
    const socket = tls.connect(options);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed")));
    socket.on("secureConnect", () => resolve(socket));
  });
}

/** The same on a port of this machine, as a client of the web server. */
export async function connectWeb(
  pki: Pki,
  port: number,
  ALPNProtocols?: string[],
): Promise<TLSSocket> {
  return await connectTls({
    host: "127.0.0.1",
    port,
    servername: "localhost",
    ca: pki.webCa.certPem,
    ...ALPNProtocols && { ALPNProtocols },
  });
}

/** The handshake with the auth server, on a local port or inside another connection. */
export async function connectAuth(pki: Pki, through: number | Duplex): Promise<TLSSocket> {
  const { certPem: cert, keyPem: key, casPem: ca } = await issueIdentity(pki);
  return await connectTls({
    ...typeof through === "number" ? { host: "127.0.0.1", port: through } : { socket: through },
    servername: "teleport.cluster.local",
    ALPNProtocols: [authAlpn(pki.clusterName), "h2"],
    cert,
    key,
    ca,
  });
}

/** A WebSocket to the upgrade of a proxy, over a connection to its web server. */
export async function upgrade(web: Duplex, protocols: string[]): Promise<WebSocket> {
  const socket = new WebSocket("ws://localhost/webapi/connectionupgrade", protocols, {
    createConnection: () => web as net.Socket,
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.on("open", () => resolve());
    socket.on("error", reject);
  });
  return socket;
}

/** Opens a TCP connection and waits until it is connected. */
export async function connectTcp(port: number): Promise<net.Socket> {
  return await new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Waits for the end of a connection: resolves with its error code, or "" after a clean end. */
export async function ending(stream: Duplex): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let code = "";
  stream.on("error", (error: NodeJS.ErrnoException) => code = error.code ?? error.message);
  stream.on("close", () => resolve(code));
  stream.resume();
  return await promise;
}

/** Closes a connection and waits until it is closed. */
export async function close(stream: Duplex): Promise<void> {
  const closed = ending(stream);
  stream.destroy();
  await closed;
}

/** Waits until a condition of another process or connection is met. */
export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
