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
