/** Attempts that are started one after the other and overlap; the first success wins. */

import type { Clock } from "../clock.ts";

/** Must stop when `signal` is aborted. */
export type Attempt<T> = (signal: AbortSignal) => Promise<T>;

export interface RaceOptions<T> {
  readonly clock: Clock;
  /** The next attempt starts when the previous one has failed, or after this time. */
  readonly overlapMs: number;
  /** Ends the race; running attempts fail with its reason. */
  readonly signal: AbortSignal;
  /** Releases the result of a late attempt. */
  readonly discard: (value: T) => void;
}

/** `errors` has a hole for each attempt that did not start or finish. */
export type RaceResult<T> =
  | { readonly ok: true; readonly index: number; readonly value: T; readonly errors: Errors }
  | { readonly ok: false; readonly errors: Errors };

type Errors = readonly unknown[];

/** Starts the attempts in order; aborts all but the winner at the end. */
export function staggeredRace<T>(
  attempts: readonly Attempt<T>[],
  { clock, overlapMs, signal, discard }: RaceOptions<T>,
): Promise<RaceResult<T>> {
  const { promise, resolve } = Promise.withResolvers<RaceResult<T>>();
  const errors: unknown[] = new Array(attempts.length);
  const running = new Map<number, AbortController>();
  let started = 0;
  let over = false;
  let cancelOverlap = () => {};

  const finish = (result: RaceResult<T>) => {
    over = true;
    cancelOverlap();
    signal.removeEventListener("abort", onAbort);
    for (const controller of running.values()) controller.abort();
    resolve(result);
  };
  const onAbort = () => {
    for (const [index, controller] of running) {
      errors[index] = signal.reason;
      controller.abort(signal.reason);
    }
    finish({ ok: false, errors });
  };
  const startNext = () => {
    cancelOverlap();
    const index = started++;
    const attempt = attempts[index];
    if (attempt === undefined) return;
    const controller = new AbortController();
    running.set(index, controller);
    if (started < attempts.length) cancelOverlap = clock.after(overlapMs, startNext);
    attempt(controller.signal).then(
      (value) => {
        running.delete(index);
        if (over) discard(value);
        else finish({ ok: true, index, value, errors });
      },
      (error) => {
        running.delete(index);
        if (over) return;
        errors[index] = error;
        // A failure starts the next attempt at once, unless it is already running.
        if (index === started - 1 && started < attempts.length) startNext();
        else if (running.size === 0 && started >= attempts.length) finish({ ok: false, errors });
      },
    );
  };

  if (signal.aborted) onAbort();
  else {
    signal.addEventListener("abort", onAbort);
    if (attempts.length === 0) finish({ ok: false, errors });
    else startNext();
  }
  return promise;
}
