/**
 * Whether the program turns, for `/healthz` and a watchdog: the event loop comes round, and work that
 * there is goes on. Counted in beats and not by the clock, so that a machine that was asleep wakes up
 * healthy.
 */

import type { Clock } from "../clock.ts";

const BEAT_MS = 5_000;
/** A beat that is so late means that something holds the loop up. */
const LATE_MS = 30_000;
/** A quarter of an hour: the longest deadline is that of a mail server that looks at a mail (11 min). */
const MAX_IDLE_BEATS = 180;

export interface LivenessDeps {
  readonly clock: Clock;
  /** Changes with every step of work. */
  readonly steps: () => number;
  /** Whether there is work that should go on now. */
  readonly isBusy: () => boolean;
}

export class Liveness implements Disposable {
  #lastMs: number;
  #steps = 0;
  #idleBeats = 0;
  #cancel: () => void;

  /** Beats until disposed. */
  constructor(private readonly deps: LivenessDeps) {
    this.#lastMs = deps.clock.now();
    this.#cancel = this.#next();
  }

  /** What stands still; undefined when nothing does. */
  get stallReason(): string | undefined {
    const lateMs = this.deps.clock.now() - this.#lastMs - BEAT_MS;
    if (lateMs >= LATE_MS) return `the event loop is ${Math.round(lateMs / 1000)} s late`;
    if (this.#idleBeats < MAX_IDLE_BEATS) return undefined;
    return `the work queue has not moved for ${Math.round(this.#idleBeats * BEAT_MS / 1000)} s`;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #next(): () => void {
    return this.deps.clock.after(BEAT_MS, () => {
      const { clock, steps, isBusy } = this.deps;
      const now = steps();
      this.#idleBeats = isBusy() && now === this.#steps ? this.#idleBeats + 1 : 0;
      this.#steps = now;
      this.#lastMs = clock.now();
      this.#cancel = this.#next();
    });
  }
}
