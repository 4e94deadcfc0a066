/**
 * Runs the work of each key one at a time, several keys at once. A key added while its work runs, runs
 * once more afterwards, however often it was added: the work looks at the latest state, not at events.
 */

import type { Clock } from "../clock.ts";

export class WorkQueue {
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
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
    return this.#ready.size + this.#running.size;
  }

  add(key: string): void {
    if (this.#isDraining) return;
    this.#cancelTimer(key);
    this.#ready.add(key);
    this.#startMore();
  }

  /** Adds the key at a time, milliseconds since 1970; the earliest of several calls counts. */
  addAt(key: string, atMs: number): void {
    if (this.#isDraining) return;
    const earlier = this.#timers.get(key);
    if (earlier !== undefined && earlier.atMs <= atMs) return;
    this.#cancelTimer(key);
    const cancel = this.clock.after(Math.max(0, atMs - this.clock.now()), () => this.add(key));
    this.#timers.set(key, { atMs, cancel });
  }

  /** Takes no more work; resolves when what runs has ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#ready.clear();
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
    await Promise.all(this.#running.values());
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  #startMore(): void {
    for (const key of this.#ready) {
      if (this.#running.size >= this.concurrency) return;
      if (this.#running.has(key)) continue;
      this.#ready.delete(key);
      this.#running.set(key, this.#run(key));
    }
  }

  async #run(key: string): Promise<void> {
    await this.work(key);
    this.#running.delete(key);
    this.#startMore();
  }
}
