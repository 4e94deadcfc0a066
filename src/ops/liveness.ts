/**
 * Liveness for `/healthz` and the systemd watchdog: the event loop is responsive, and work makes progress.
 * Measured in ticks rather than by the clock, so that a suspended machine resumes healthy.
 */

import type { Clock } from "../clock.ts";

const TICK_MS = 5_000;
/** A tick delayed by this much means that the event loop is blocked. */
const LATE_MS = 30_000;
/**
 * 25 minutes. The longest legitimate step is a mail server that uses all of `smtp.timeout` (at most 10 min)
 * and then scans the mail (10 min).
 */
const MAX_IDLE_TICKS = 300;
/** One minute: between two configurations, mails in flight get 30 s. */
const MAX_UNSERVED_TICKS = 12;

export interface LivenessDeps {
  readonly clock: Clock;
  /** Changes with every step of work. */
  readonly steps: () => number;
  /** Whether there is work that should make progress now. */
  readonly isBusy: () => boolean;
  /** Whether a configuration is in use: false while one is being prepared or released. */
  readonly isServing: () => boolean;
}

/** Detects three kinds of stall: a late tick, work without progress, and no configuration in use. */
export class Liveness implements Disposable {
  #lastMs: number;
  #steps = 0;
  #idleTicks = 0;
  #unservedTicks = 0;
  #cancel: () => void;

  /** Ticks until disposed. */
  constructor(private readonly deps: LivenessDeps) {
    this.#lastMs = deps.clock.now();
    this.#cancel = this.#next();
  }

  /** Why there is no progress; undefined when there is. */
  get stallReason(): string | undefined {
    const lateMs = this.deps.clock.now() - this.#lastMs - TICK_MS;
    if (lateMs >= LATE_MS) return `the event loop is ${Math.round(lateMs / 1000)} s late`;
    if (this.#idleTicks >= MAX_IDLE_TICKS) {
      return `the work queue has not moved for ${seconds(this.#idleTicks)} s`;
    }
    if (this.#unservedTicks >= MAX_UNSERVED_TICKS) {
      return `no configuration has been served for ${seconds(this.#unservedTicks)} s`;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #next(): () => void {
    return this.deps.clock.after(TICK_MS, () => {
      const { clock, steps, isBusy, isServing } = this.deps;
      const now = steps();
      this.#idleTicks = isBusy() && now === this.#steps ? this.#idleTicks + 1 : 0;
      this.#steps = now;
      this.#unservedTicks = isServing() ? 0 : this.#unservedTicks + 1;
      this.#lastMs = clock.now();
      this.#cancel = this.#next();
    });
  }
}

function seconds(ticks: number): number {
  return Math.round(ticks * TICK_MS / 1000);
}
