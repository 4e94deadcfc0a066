/** An event stream that moves from one connection to the next without a gap. */

import { DecorrelatedBackoff } from "../backoff.ts";
import { pause } from "../clock.ts";
import type { Runtime } from "../runtime.ts";

/** A stream on one connection. */
export interface WatchSource<E> {
  /** Ends when the signal passed to `open` is aborted. */
  readonly events: AsyncIterable<E>;
  /** Aborted when the connection takes no more calls; the stream may continue for a while. */
  readonly retired: AbortSignal;
}

/** How streams are opened. */
export interface WatchHandoverDeps<E> extends Runtime {
  /** Opens a stream on the connection in use. */
  readonly open: (signal: AbortSignal) => Promise<WatchSource<E>>;
}

/** How the active stream ended. */
type End = { readonly error?: unknown };

const RETRY_MS = { base: 100, cap: 5_000 };

/**
 * Reads the active stream, and moves to another connection in these steps:
 *
 * - following: events come from the active stream
 * - moving: its connection was retired; a stream is opened on the next connection while the old one runs
 * - moved: the new stream has sent its first event and is the active one; the old one is closed
 * - ended: the active stream ended or failed; losing a connection that was not retired is not a move
 */
export class WatchHandover<E> {
  readonly #queue: E[] = [];
  readonly #stop = new AbortController();
  #wake = () => {};
  /** The active stream. */
  #active: AbortController | undefined;
  #isMoving = false;
  #end: End | undefined;

  constructor(private readonly deps: WatchHandoverDeps<E>) {}

  /** The events; can be read once. */
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

  /** Resolves with the first event of a new stream; rejects when the stream ends before it. */
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
    // Has no effect after the first event.
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
