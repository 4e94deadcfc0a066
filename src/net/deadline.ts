/** Combines the caller's signal with a time limit. */

import { systemClock } from "../clock.ts";

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
  return new RunningDeadline(timeoutMs, parent, more);
}

class RunningDeadline implements Deadline {
  expired = false;
  readonly #controller = new AbortController();
  #isExtended = false;
  #cancel: () => void;

  constructor(
    private timeoutMs: number,
    private readonly parent: AbortSignal | undefined,
    private readonly more: () => number,
  ) {
    this.#cancel = systemClock.after(timeoutMs, () => this.#timeOut());
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
  #timeOut(): void {
    const moreMs = this.#isExtended ? 0 : this.more();
    if (moreMs > 0) {
      this.#isExtended = true;
      this.timeoutMs += moreMs;
      this.#cancel = systemClock.after(moreMs, () => this.#timeOut());
      return;
    }
    this.expired = true;
    const error = new DOMException(`No end after ${this.timeoutMs} ms`, "TimeoutError");
    this.#controller.abort(error);
  }

  [Symbol.dispose](): void {
    this.parent?.removeEventListener("abort", this);
    this.#cancel();
  }
}
