/** A listener on 127.0.0.1 that can go down, come back on its port, and break its connections. */

import type { AddressInfo, Server, Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** Keeps the sockets of a `node:net` or `node:tls` server. */
export class TcpListener implements AsyncDisposable {
  /** By the client's port. */
  readonly #sockets = new Map<number | undefined, Socket>();
  #port: number;
  #accepted = 0;

  /** Port 0 = a free one, which stays the same over `stop()` and `start()`. */
  constructor(readonly server: Server, port = 0) {
    this.#port = port;
    server.on("connection", (socket: Socket) => {
      const { remotePort } = socket;
      this.#accepted++;
      this.#sockets.set(remotePort, socket);
      socket.on("close", () => this.#sockets.delete(remotePort));
      // A broken connection is no error of the server; those who use the socket see it close.
      socket.on("error", () => {});
    });
    server.on("secureConnection", (socket: TLSSocket) => this.breakFirst(socket));
  }

  /**
   * Breaks a connection by its TLS instead of the socket below, which Deno 2.9.3 answers with a panic
   * when something is written at that moment.
   */
  protected breakFirst(socket: TLSSocket): void {
    if (this.#sockets.has(socket.remotePort)) this.#sockets.set(socket.remotePort, socket);
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

  /** How many connections clients have opened so far. */
  get accepted(): number {
    return this.#accepted;
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
    for (const [port, socket] of this.#sockets) {
      if (remotePort === undefined || port === remotePort) socket.destroy();
    }
  }

  /** Breaks all connections without an end of what is on its way. */
  resetConnections(): void {
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
