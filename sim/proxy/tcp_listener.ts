/** A listener on 127.0.0.1 that can stop, restart on the same port, and break connections. */

import type { AddressInfo, Server, Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** Tracks the sockets of a `node:net` or `node:tls` server. */
export class TcpListener implements AsyncDisposable {
  /** By the client's port. */
  readonly #sockets = new Map<number | undefined, Socket>();
  #port: number;
  #accepted = 0;

  /** Port 0 = a free port, which is kept across `stop()` and `start()`. */
  constructor(readonly server: Server, port = 0) {
    this.#port = port;
    server.on("connection", (socket: Socket) => {
      const { remotePort } = socket;
      this.#accepted++;
      this.#sockets.set(remotePort, socket);
      socket.on("close", () => this.#sockets.delete(remotePort));
      // A broken connection is not a server error; users of the socket see it close.
      socket.on("error", () => {});
    });
    server.on("secureConnection", (socket: TLSSocket) => this.breakFirst(socket));
  }

  /**
   * Breaks the TLS socket instead of the TCP socket below it: Deno 2.9.3 aborts the process when data
   * is written to a TLS socket whose TCP socket was destroyed first.
   */
  breakFirst(socket: Socket): void {
    const { remotePort } = socket;
    if (!this.#sockets.has(remotePort)) return;
    this.#sockets.set(remotePort, socket);
    socket.on("close", () => this.#sockets.delete(remotePort));
  }

  get port(): number {
    return this.#port;
  }

  /** `127.0.0.1:<port>` */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The number of connections opened so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Starts listening, if it is not listening already. */
  async start(): Promise<void> {
    if (this.server.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(this.#port, "127.0.0.1", () => {
        this.server.off("error", reject);
        resolve();
      });
    });
    this.#port = (this.server.address() as AddressInfo).port;
  }

  /** Refuses new connections and breaks the open ones. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.breakConnections();
    });
  }

  /** Breaks all connections, or those from one port of this machine. */
  breakConnections(remotePort?: number): void {
    for (const [port, socket] of this.#sockets) {
      if (remotePort === undefined || port === remotePort) socket.destroy();
    }
  }

  /** Resets all connections; data in flight is lost. */
  resetConnections(): void {
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
