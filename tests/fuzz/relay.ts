/** The network between the program and a good server, which spoils what the server says. */

import net, { type Socket } from "node:net";
import tls from "node:tls";
import { dial } from "../../sim/proxy/splice.ts";
import { TcpListener } from "../../sim/proxy/tcp_listener.ts";
import { Random } from "../simulation/random.ts";
import { Distortion } from "./distortion.ts";

/** Both ends of a relay that looks into TLS: what it shows to clients, and to the server. */
export interface RelayTls {
  readonly server: tls.TlsOptions;
  readonly client: tls.ConnectionOptions;
}

/** How long a connection lives on after it was spoiled, if it is to end. */
const AFTERLIFE_MS = 20;

/** Starts a relay to `host:port` on a free port of 127.0.0.1. */
export async function startRelay(target: string, inside?: RelayTls): Promise<Relay> {
  const relay = new Relay(target, inside);
  await relay.start();
  return relay;
}

export class Relay extends TcpListener {
  /** Where the faults of the next connections come from. */
  random = new Random(0);
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(private readonly target: string, private readonly inside?: RelayTls) {
    super(inside === undefined ? net.createServer() : tls.createServer(inside.server));
    this.server.on("tlsClientError", (_error: Error, socket: Socket) => void socket.destroy());
    const event = inside === undefined ? "connection" : "secureConnection";
    this.server.on(event, (client: Socket) => this.#join(client));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await super[Symbol.asyncDispose]();
  }

  #join(client: Socket): void {
    const distortion = new Distortion(this.random.fork());
    const server = this.#connect();
    for (const socket of [client, server]) socket.on("error", () => {});
    client.on("data", (piece) => void (server.destroyed || server.write(piece)));
    server.on("data", (piece) => {
      if (client.destroyed) return;
      const wasDone = distortion.isDone;
      client.write(distortion.apply(piece));
      if (distortion.isDone && !wasDone) this.#end(client, distortion);
    });
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  }

  #connect(): Socket {
    if (this.inside === undefined) return dial(this.target);
    const [host = "", port] = this.target.split(":");
    return tls.connect({ ...this.inside.client, host, port: Number(port) });
  }

  #end(client: Socket, { ending }: Distortion): void {
    if (ending === "goes on") return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (ending === "resets" && this.inside === undefined) client.resetAndDestroy();
      else client.destroy();
    }, AFTERLIFE_MS);
    this.#timers.add(timer);
  }
}
