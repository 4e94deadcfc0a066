/** Fixtures for tests of the SSH tunnel: credentials, and a simulated proxy before an echo server. */

import { Buffer } from "node:buffer";
import net from "node:net";
import type { Duplex } from "node:stream";
import {
  type Identity,
  type IdentityOptions,
  issueIdentity,
} from "../../../../sim/pki/identity.ts";
import { createPki, type Pki } from "../../../../sim/pki/pki.ts";
import {
  type SshTunnelOptions as ServerOptions,
  type SshTunnelServer,
  startSshTunnel,
} from "../../../../sim/proxy/ssh/server.ts";
import { TcpListener } from "../../../../sim/proxy/tcp_listener.ts";
import type { Credentials } from "../../credentials.ts";
import { openSshTunnel, type SshTunnelOptions } from "../ssh/tunnel.ts";

/** The cluster of the fixtures. */
export const CLUSTER = "example.com";

/** Its CAs. */
export const pki: Pki = await createPki(CLUSTER);

/** The credentials of a simulated identity, valid for an hour. */
export function credentialsOf({ keyPem, certPem, casPem, user, ssh }: Identity): Credentials {
  return {
    keyPem,
    certPem,
    caPems: [casPem],
    subject: user,
    cluster: CLUSTER,
    notBeforeMs: Date.now() - 60_000,
    notAfterMs: Date.now() + 3_600_000,
    ...ssh && { ssh },
  };
}

/** Credentials of a newly issued identity. */
export async function someCredentials(options: IdentityOptions = {}): Promise<Credentials> {
  return credentialsOf(await issueIdentity(pki, options));
}

/** A TCP server on a free port of 127.0.0.1. */
export async function startTcp(serve: (socket: net.Socket) => void): Promise<TcpListener> {
  const listener = new TcpListener(net.createServer(serve));
  await listener.start();
  return listener;
}

/** A tunnel server, credentials for it, and the echo server behind it. */
export interface Bench extends AsyncDisposable {
  readonly server: SshTunnelServer;
  readonly credentials: Credentials;
  /** The end of the tunnel, which echoes everything. */
  readonly echo: TcpListener;
  /** Opens a tunnel as the program does. */
  open(options?: Partial<SshTunnelOptions>): Promise<Duplex>;
}

/** Starts an echo server and a tunnel server that leads to it. */
export async function startBench(
  options: ServerOptions = {},
  credentials?: Credentials,
): Promise<Bench> {
  const echo = await startTcp((socket) => socket.pipe(socket));
  const server = await startSshTunnel(pki, echo.address, options);
  const known = credentials ?? await someCredentials();
  return {
    server,
    credentials: known,
    echo,
    open: (changes) => open(server.port, known, changes),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    },
  };
}

/**
 * Starts a relay to the server on `port` for one client. It forwards `maxBytes` bytes of the server,
 * then hangs or ends.
 */
export async function startRelay(port: number, maxBytes: number, then: "hangs" | "ends") {
  const spent = Promise.withResolvers<void>();
  const listener = await startTcp((client) => {
    const server = net.connect(port, "127.0.0.1");
    let rest = maxBytes;
    server.on("data", (chunk) => {
      client.write(chunk.subarray(0, rest));
      rest = Math.max(0, rest - chunk.length);
      if (rest > 0) return;
      if (then === "ends") client.end();
      spent.resolve();
    });
    client.on("data", (chunk) => server.write(chunk));
    server.on("error", () => {}).on("close", () => client.destroy());
    client.on("end", () => server.destroy()).on("close", () => server.destroy());
  });
  /** `spent` resolves when the last of the bytes has been forwarded. */
  return Object.assign(listener, { spent: spent.promise });
}

/** Opens a tunnel to a port of 127.0.0.1. */
export async function open(
  port: number,
  credentials: Credentials,
  options: Partial<SshTunnelOptions> = {},
): Promise<Duplex> {
  const socket = await connect(port);
  return await openSshTunnel(socket, "127.0.0.1", credentials, {
    timeoutMs: 10_000,
    nowMs: Date.now(),
    ...options,
  });
}

/** Connects to a port of 127.0.0.1. */
export function connect(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/** Sends a text, waits for its echo and closes the tunnel. */
export async function echoThrough(tunnel: Duplex, text: string): Promise<string> {
  tunnel.write(text);
  let answer = "";
  for await (const chunk of tunnel) {
    answer += chunk;
    if (answer.length >= text.length) break;
  }
  tunnel.destroy();
  return answer;
}

/** Sends bytes and collects the echo until it has the same length. */
export async function sendThrough(tunnel: Duplex, bytes: Buffer): Promise<Buffer> {
  for (let at = 0; at < bytes.length; at += 50_000) tunnel.write(bytes.subarray(at, at + 50_000));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of tunnel.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes.length) break;
  }
  return Buffer.concat(chunks);
}

/** Waits until `isDone()`; fails after 30 seconds. */
export async function until(isDone: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!isDone()) {
    if (performance.now() > deadline) throw new Error(`timed out waiting: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
