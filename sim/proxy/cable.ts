/** A simulated network between a client and a server, with fault injection. */

import net from "node:net";
import { dial } from "./splice.ts";
import { TcpListener } from "./tcp_listener.ts";

/** Starts a cable to `host:port` on a free port of 127.0.0.1. */
export async function startCable(target: string): Promise<Cable> {
  const cable = new Cable(target);
  await cable.start();
  return cable;
}

/** The forwarder with its switches, which also affect open connections. */
export class Cable extends TcpListener {
  /** Whether bytes of clients, or of the server, are dropped while TCP stays connected. */
  readonly silent = { up: false, down: false };
  /** Delay of every chunk, milliseconds. */
  delayMs = 0;
  /** Whether new connections are reset as soon as they are accepted. */
  resetsOnAccept = false;
  /** The number of dropped bytes. */
  lostBytes = 0;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(private readonly target: string) {
    super(net.createServer((client) => this.#join(client)));
  }

  /** Silently drops all bytes in both directions. */
  silence(isSilent = true): void {
    this.silent.up = this.silent.down = isSilent;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await super[Symbol.asyncDispose]();
  }

  #join(client: net.Socket): void {
    if (this.resetsOnAccept) {
      client.on("error", () => {});
      return void client.resetAndDestroy();
    }
    const server = dial(this.target);
    this.#carry(client, server, "up");
    this.#carry(server, client, "down");
  }

  #carry(from: net.Socket, to: net.Socket, direction: "up" | "down"): void {
    from.setNoDelay();
    from.on("error", () => {});
    from.on("data", (chunk) => {
      if (this.silent[direction]) return void (this.lostBytes += chunk.length);
      this.#later(() => to.destroyed || to.write(chunk));
    });
    // A silent cable does not forward the end of a connection.
    from.on("end", () => this.silent[direction] || this.#later(() => to.end()));
    from.on("close", () => this.silent[direction] || this.#later(() => to.destroy()));
  }

  #later(action: () => void): void {
    if (this.delayMs === 0) return action();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, this.delayMs);
    this.#timers.add(timer);
  }
}
