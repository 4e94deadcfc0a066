/** A listener on 127.0.0.1 that can go down, come back on its port, and break its connections. */

import type { AddressInfo, Server, Socket } from "node:net";

/** Keeps the sockets of a `node:net` or `node:tls` server. */
export class TcpListener implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  #port: number;

  /** Port 0 = a free one, which stays the same over `stop()` and `start()`. */
  constructor(readonly server: Server, port = 0) {
    this.#port = port;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      // A broken connection is no error of the server; those who use the socket see it close.
      socket.on("error", () => {});
    });
  }

  get port(): number {
    return this.#port;
  }

  /** `127.0.0.1:<port>` */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Listens; nothing happens when it already does. */
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

  /** Refuses connections from now on and breaks those that there are. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.breakConnections();
    });
  }

  /** Breaks all connections, or those from one port of this machine. */
  breakConnections(remotePort?: number): void {
    for (const socket of this.#sockets) {
      if (remotePort === undefined || socket.remotePort === remotePort) socket.destroy();
    }
  }

  /** Breaks all connections without an end of what is on its way. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
