/** Time as a parameter, so that tests need not wait. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `action` after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, action: () => void): () => void;
}

/** A longer delay would fire at once. */
const MAX_TIMER_MS = 0x7fffffff;

/** An action and its time, in milliseconds of `performance.now()`. */
interface Waiting {
  readonly atMs: number;
  readonly action: () => void;
  /** Its place among those that wait. */
  index: number;
}

/**
 * Actions that wait for their time, with one timer of the runtime for the first of them. Most are cancelled
 * before their time, several per request: each would cost a timer, and what a cleared timer refers to stays
 * in memory until a full garbage collection.
 */
class SharedTimer {
  readonly #waiting: Waiting[] = [];
  /** When the timer fires: no later than the first action is due. */
  #atMs = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  after(ms: number, action: () => void): () => void {
    const atMs = performance.now() + Math.max(0, ms);
    const waiting = { atMs, action, index: this.#waiting.length };
    this.#waiting.push(waiting);
    if (atMs < this.#atMs) this.#fireAt(atMs);
    return () => this.#remove(waiting);
  }

  /** Returns whether it was still waiting. */
  #remove(waiting: Waiting): boolean {
    if (this.#waiting[waiting.index] !== waiting) return false;
    const last = this.#waiting.pop();
    if (last !== undefined && last !== waiting) {
      this.#waiting[waiting.index] = last;
      last.index = waiting.index;
    }
    // A timer without actions would keep the process alive.
    if (this.#waiting.length === 0) this.#fireAt(Infinity);
    return true;
  }

  #fireAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    if (atMs === Infinity) return;
    const delayMs = Math.ceil(atMs - performance.now());
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
  }

  #fire(): void {
    const nowMs = performance.now();
    const due = this.#waiting.filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
    try {
      // An action may cancel others.
      for (const waiting of due) if (this.#remove(waiting)) waiting.action();
    } finally {
      const next = this.#waiting.reduce((first, { atMs }) => Math.min(first, atMs), Infinity);
      this.#fireAt(next);
    }
  }
}

const timer = new SharedTimer();

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, action) => timer.after(ms, action),
};

/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted; never rejects. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener("abort", done);
  });
}
