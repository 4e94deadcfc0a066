/** A clock for tests that moves only on demand. */

import type { Clock } from "../clock.ts";

/** The time at which a `FakeClock` starts. */
export const NOW_MS = Date.parse("2026-11-24T12:00:00Z");

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  #timers: { atMs: number; readonly action: () => void }[] = [];

  constructor(nowMs = NOW_MS) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Sets the time of day, forward or back; timers run on, as they do in a process. */
  set(nowMs: number): void {
    const shiftMs = nowMs - this.#nowMs;
    this.#timers = this.#timers.map((timer) =>
      Object.assign(timer, { atMs: timer.atMs + shiftMs })
    );
    this.#nowMs = nowMs;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves on by `ms`, firing what becomes due in order, and lets everything settle in between. */
  async tick(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settleDown();
    for (;;) {
      const next = this.#timers.reduce<{ atMs: number; action: () => void } | undefined>(
        (first, timer) => first === undefined || timer.atMs < first.atMs ? timer : first,
        undefined,
      );
      if (next === undefined || next.atMs > endMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
      await settleDown();
    }
    this.#nowMs = endMs;
  }
}

/** Lets every promise that can settle do so. */
export async function settleDown(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
