/** Outages that end after a while. */

/** A server that can go down and come back. */
export interface Breakable {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** The end of each outage in milliseconds since the epoch; absent while a server is up. */
export type OutageEnds = Readonly<Record<string, number>>;

/** Takes servers down, each for the same time. */
export class Outages implements Disposable {
  readonly #ends = new Map<
    string,
    { readonly at: number; readonly timer: ReturnType<typeof setTimeout> }
  >();

  constructor(
    private readonly servers: Readonly<Record<string, Breakable>>,
    private readonly durationMs: number,
    private readonly changed: () => void,
  ) {}

  /** The current outages. */
  get ends(): OutageEnds {
    return Object.fromEntries([...this.#ends].map(([name, { at }]) => [name, at]));
  }

  /** Takes a server down; an outage that is under way stays as long as it would have. */
  async begin(name: string): Promise<void> {
    const server = this.servers[name];
    if (server === undefined || this.#ends.has(name)) return;
    const timer = setTimeout(() => void this.#end(name, server), this.durationMs);
    this.#ends.set(name, { at: Date.now() + this.durationMs, timer });
    this.changed();
    await server.stop();
  }

  /** Cancels what would bring servers back. */
  [Symbol.dispose](): void {
    for (const { timer } of this.#ends.values()) clearTimeout(timer);
    this.#ends.clear();
  }

  async #end(name: string, server: Breakable): Promise<void> {
    await server.start();
    this.#ends.delete(name);
    this.changed();
  }
}
