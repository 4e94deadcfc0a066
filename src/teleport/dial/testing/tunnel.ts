/** What the tests of the SSH tunnel share: credentials, and a simulated proxy in front of an echo. */

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

export const CLUSTER = "example.com";

export const pki: Pki = await createPki(CLUSTER);

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

export async function someCredentials(options: IdentityOptions = {}): Promise<Credentials> {
  return credentialsOf(await issueIdentity(pki, options));
}

/** A TCP server on a free port of 127.0.0.1. */
export async function startTcp(serve: (socket: net.Socket) => void): Promise<TcpListener> {
  const listener = new TcpListener(net.createServer(serve));
  await listener.start();
  return listener;
}

export interface Bench extends AsyncDisposable {
  readonly server: SshTunnelServer;
  readonly credentials: Credentials;
  /** Where the tunnel ends; sends back what it gets. */
  readonly echo: TcpListener;
  /** Opens a tunnel as the program does. */
  open(options?: Partial<SshTunnelOptions>): Promise<Duplex>;
}

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
 * Connects to the server on `port` for its one client and lets so many of the server's bytes through;
 * then comes no more, or the end.
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
  /** `spent`: all that is let through has been. */
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

/** Sends a text and waits until it has come back; then the tunnel is closed. */
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

/** Sends bytes and collects what comes back until it is as much. */
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

/** Resolves when `isDone`, looked at between events, or fails after some seconds. */
export async function until(isDone: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!isDone()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
