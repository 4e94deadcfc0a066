/** Being told to stop: SIGTERM and SIGINT (upstream.md §3.3). */

import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

/** How long mails on their way may take after the first signal. */
const GRACE_MS = 15_000;

export interface StopSignals extends Disposable {
  /** Aborted by the first signal. */
  readonly stop: AbortSignal;
  /** Aborted by the second signal, or when the time to stop is up. */
  readonly kill: AbortSignal;
  /** Until there is a log, signals are only remembered. */
  log: Log | undefined;
}

/**
 * Listens from now on. To be called first of all: without a listener the signal kills the process, or,
 * as PID 1 of a container, does nothing.
 */
export function listenForStop(clock: Clock): StopSignals {
  const stop = new AbortController();
  const kill = new AbortController();
  let cancel = () => {};
  const signals: StopSignals = {
    stop: stop.signal,
    kill: kill.signal,
    log: undefined,
    [Symbol.dispose]: () => {
      cancel();
      for (const name of ["SIGTERM", "SIGINT"] as const) Deno.removeSignalListener(name, onSignal);
    },
  };
  const onSignal = () => {
    if (!stop.signal.aborted) {
      signals.log?.info("Attempting graceful shutdown");
      cancel = clock.after(GRACE_MS, fast);
      stop.abort();
    } else fast();
  };
  const fast = () => {
    if (kill.signal.aborted) return;
    signals.log?.info("Graceful shutdown failed, attempting fast shutdown");
    kill.abort();
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(name, onSignal);
  return signals;
}
