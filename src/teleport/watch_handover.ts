/** An event stream that moves from one connection to the next without a gap. */

import { DecorrelatedBackoff } from "../backoff.ts";
import { pause } from "../clock.ts";
import type { Runtime } from "../runtime.ts";

/** A stream on one connection. */
export interface WatchSource<E> {
  /** Ends when the signal that `open` was given is aborted. */
  readonly events: AsyncIterable<E>;
  /** Aborted when the connection takes no more calls; the stream may go on for a while. */
  readonly retired: AbortSignal;
}

export interface WatchHandoverDeps<E> extends Runtime {
  /** Opens a stream on the connection that is in use now. */
  readonly open: (signal: AbortSignal) => Promise<WatchSource<E>>;
}

/** How the stream that counts has ended. */
type End = { readonly error?: unknown };

const RETRY_MS = { base: 100, cap: 5_000 };

/**
 * When a connection is retired, a stream is opened on its successor while the old one still runs. From
 * the new one's first event on, only the new one counts. Ends, or fails, as the stream that counts does:
 * a connection that is lost, and not replaced, is no move.
 */
export class WatchHandover<E> {
  readonly #queue: E[] = [];
  readonly #stop = new AbortController();
  #wake = () => {};
  /** The stream that counts. */
  #active: AbortController | undefined;
  #isMoving = false;
  #end: End | undefined;

  constructor(private readonly deps: WatchHandoverDeps<E>) {}

  /** The events; may be read once. */
  async *events(signal: AbortSignal): AsyncGenerator<E> {
    const stop = () => this.#finish({});
    if (signal.aborted) return;
    signal.addEventListener("abort", stop);
    try {
      this.#start().catch((error) => this.#finish({ error }));
      while (this.#end === undefined || this.#queue.length > 0) {
        const event = this.#queue.shift();
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => this.#wake = resolve);
      }
      if ("error" in this.#end && !signal.aborted) throw this.#end.error;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#stop.abort();
    }
  }

  #finish(end: End): void {
    this.#end ??= end;
    this.#stop.abort();
    this.#wake();
  }

  /** Resolves when a stream has begun; rejects when it ended before. */
  #start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const own = new AbortController();
    const stop = () => own.abort();
    this.#stop.signal.addEventListener("abort", stop);
    this.#read(own, resolve).then(
      () => this.#onEnd(own, {}, reject),
      (error) => this.#onEnd(own, { error }, reject),
    ).finally(() => this.#stop.signal.removeEventListener("abort", stop));
    return promise;
  }

  async #read(own: AbortController, onBegun: () => void): Promise<void> {
    const { events, retired } = await this.deps.open(own.signal);
    const move = () => void this.#move();
    try {
      for await (const event of events) {
        if (own.signal.aborted) return;
        if (this.#active !== own) {
          this.#active?.abort();
          this.#active = own;
          onBegun();
          if (retired.aborted) move();
          else retired.addEventListener("abort", move);
        }
        this.#queue.push(event);
        this.#wake();
      }
    } finally {
      retired.removeEventListener("abort", move);
    }
  }

  #onEnd(own: AbortController, end: End, reject: (error: unknown) => void): void {
    // Has no effect on a stream that had begun.
    reject(end.error ?? new Error("the stream ended before its first event"));
    if (this.#active === own) this.#finish(end);
  }

  async #move(): Promise<void> {
    if (this.#isMoving) return;
    this.#isMoving = true;
    const { clock, random, log } = this.deps;
    const backoff = new DecorrelatedBackoff(RETRY_MS.base, RETRY_MS.cap, random);
    while (!this.#stop.signal.aborted) {
      try {
        await this.#start();
        break;
      } catch (error) {
        log.debug("Cannot move the watch to a new connection yet", { error });
        await pause(clock, backoff.next(), this.#stop.signal);
      }
    }
    this.#isMoving = false;
  }
}
