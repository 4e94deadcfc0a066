/** Bounds on waiting: the caller's signal and a time limit in one. */

export interface Deadline extends Disposable {
  /** Aborts when the caller's signal does or when the time is over. */
  readonly signal: AbortSignal;
  /** True if it was the time limit. */
  readonly expired: boolean;
}

/**
 * `AbortSignal.timeout` would keep its timer until the end; this one ends with its scope. `more` is asked
 * when the time is over, once, and gives the milliseconds to add to it.
 */
export function startDeadline(
  timeoutMs: number,
  parent?: AbortSignal,
  more: () => number = () => 0,
): Deadline {
  const controller = new AbortController();
  let expired = false;
  const expire = (afterMs: number) => {
    expired = true;
    controller.abort(new DOMException(`No end after ${afterMs} ms`, "TimeoutError"));
  };
  let timer = setTimeout(() => {
    const moreMs = more();
    if (moreMs <= 0) expire(timeoutMs);
    else timer = setTimeout(() => expire(timeoutMs + moreMs), moreMs);
  }, timeoutMs);
  const onAbort = () => controller.abort(parent?.reason);
  if (parent?.aborted) onAbort();
  parent?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      parent?.removeEventListener("abort", onAbort);
    },
  };
}
