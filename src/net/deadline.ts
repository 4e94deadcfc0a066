/** Combines the caller's signal with a time limit. */

export interface Deadline extends Disposable {
  /** Aborts with the caller's signal or on the timeout. */
  readonly signal: AbortSignal;
  /** Whether it aborted on the timeout. */
  readonly expired: boolean;
}

/**
 * `AbortSignal.timeout` would keep its timer until it fires; this one ends with its scope. `more` is called
 * once, on the timeout, and returns the milliseconds to extend it by.
 */
export function startDeadline(
  timeoutMs: number,
  parent?: AbortSignal,
  more: () => number = () => 0,
): Deadline {
  const deadline = new RunningDeadline(timeoutMs, parent, more);
  deadline.index = running.push(deadline) - 1;
  if (deadline.atMs < timer.atMs) setTimer(deadline.atMs);
  return deadline;
}

/**
 * The deadlines that have neither expired nor been disposed of. They share one timer, in an array: what a
 * timer or an outgrown table of a `Set` refers to stays in memory until a full garbage collection, also when it
 * is cleared or deleted, and each email has a deadline.
 */
const running: RunningDeadline[] = [];

function isRunning(deadline: RunningDeadline): boolean {
  return running[deadline.index] === deadline;
}

function remove(deadline: RunningDeadline): void {
  if (!isRunning(deadline)) return;
  const last = running.pop();
  if (last === undefined || last === deadline) return;
  running[deadline.index] = last;
  last.index = deadline.index;
}

/** When the timer fires; before the first deadline expires. */
let timer: { readonly atMs: number; readonly id?: ReturnType<typeof setTimeout> } = {
  atMs: Infinity,
};

function setTimer(atMs: number): void {
  clearTimeout(timer.id);
  timer = atMs === Infinity
    ? { atMs }
    : { atMs, id: setTimeout(onTimer, Math.max(0, atMs - performance.now())) };
}

function onTimer(): void {
  const nowMs = performance.now();
  const over = running.filter(({ atMs }) => atMs <= nowMs);
  // One that aborts may end others.
  for (const deadline of over) if (isRunning(deadline)) deadline.timeOut();
  let nextMs = Infinity;
  for (const { atMs } of running) nextMs = Math.min(nextMs, atMs);
  setTimer(nextMs);
}

class RunningDeadline implements Deadline {
  /** By `performance.now()`. */
  atMs: number;
  /** In `running`. */
  index = 0;
  expired = false;
  readonly #controller = new AbortController();
  #isExtended = false;

  constructor(
    private timeoutMs: number,
    private readonly parent: AbortSignal | undefined,
    private readonly more: () => number,
  ) {
    this.atMs = performance.now() + timeoutMs;
    if (parent?.aborted) this.handleEvent();
    parent?.addEventListener("abort", this, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The caller's signal aborts. */
  handleEvent(): void {
    this.#controller.abort(this.parent?.reason);
  }

  /** Extends the deadline or aborts the signal. */
  timeOut(): void {
    const moreMs = this.#isExtended ? 0 : this.more();
    if (moreMs > 0) {
      this.#isExtended = true;
      this.timeoutMs += moreMs;
      this.atMs = performance.now() + moreMs;
      return;
    }
    remove(this);
    this.expired = true;
    const error = new DOMException(`No end after ${this.timeoutMs} ms`, "TimeoutError");
    this.#controller.abort(error);
  }

  [Symbol.dispose](): void {
    this.parent?.removeEventListener("abort", this);
    remove(this);
    if (running.length === 0) setTimer(Infinity);
  }
}
