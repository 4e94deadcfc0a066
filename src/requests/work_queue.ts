/**
 * A work queue: runs the work of each key one at a time, several keys at once. A key added while its
 * work runs, runs once more afterwards, however often it was added: the work looks at the latest state,
 * not at events. News come before retries, so that a thousand retries do not delay one new request.
 */

import type { Clock } from "../clock.ts";

export class WorkQueue {
  /** Keys that wait for a place, in order. */
  readonly #news = new Set<string>();
  readonly #retries = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #runningRetries = new Set<string>();
  readonly #timers = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  #isDraining = false;

  /** `work` must not reject. */
  constructor(
    private readonly work: (key: string) => Promise<void>,
    private readonly concurrency: number,
    private readonly clock: Clock,
  ) {}

  /** Keys that wait for their turn or run. */
  get depth(): number {
    return this.#news.size + this.#retries.size + this.#running.size;
  }

  /** Runs the key as soon as there is a place. */
  add(key: string): void {
    this.#add(key, this.#news);
  }

  /**
   * Runs the key at a time, milliseconds since 1970, or when there is a place after it. The earliest of
   * several calls counts.
   */
  addAt(key: string, atMs: number): void {
    if (this.#isDraining) return;
    const earlier = this.#timers.get(key);
    if (earlier !== undefined && earlier.atMs <= atMs) return;
    this.#cancelTimer(key);
    const retry = () => this.#add(key, this.#retries);
    const cancel = this.clock.after(Math.max(0, atMs - this.clock.now()), retry);
    this.#timers.set(key, { atMs, cancel });
  }

  /** Takes no more work; resolves when what runs has ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#news.clear();
    this.#retries.clear();
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    await Promise.all(this.#running.values());
  }

  #add(key: string, queue: Set<string>): void {
    if (this.#isDraining) return;
    this.#cancelTimer(key);
    if (queue === this.#news) this.#retries.delete(key);
    else if (this.#news.has(key)) return;
    queue.add(key);
    this.#startMore();
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  #startMore(): void {
    // Half of the places are out of reach of retries, and one is theirs however much news there is.
    const half = Math.ceil(this.concurrency / 2);
    this.#start(this.#retries, 1);
    this.#start(this.#news, Infinity);
    this.#start(this.#retries, half);
  }

  #start(queue: Set<string>, maxRetries: number): void {
    for (const key of queue) {
      if (this.#running.size >= this.concurrency) return;
      if (queue === this.#retries && this.#runningRetries.size >= maxRetries) return;
      if (this.#running.has(key)) continue;
      queue.delete(key);
      if (queue === this.#retries) this.#runningRetries.add(key);
      this.#running.set(key, this.#run(key));
    }
  }

  async #run(key: string): Promise<void> {
    await this.work(key);
    this.#running.delete(key);
    this.#runningRetries.delete(key);
    this.#startMore();
  }
}
