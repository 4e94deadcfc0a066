/**
 * What the system tells the program: SIGTERM and SIGINT to stop (original.md §3.3), SIGHUP to
 * reload.
 */

import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

/** How long mails on their way may take after the first signal. */
const GRACE_MS = 15_000;

export interface Signals extends Disposable {
  /** Aborted by the first signal: no more work is taken. */
  readonly drain: AbortSignal;
  /** Aborted by the second signal, or 15 s after the first: what is still on its way is cut off. */
  readonly kill: AbortSignal;
  /**
   * Waits for SIGHUP: true at once if there was one since the last call, however many they were; false
   * when `signal` is aborted.
   */
  reloadAsked(signal: AbortSignal): Promise<boolean>;
  /** Stops as the first signal does. Nothing happens when the program stops already. */
  shutDown(): void;
  /** Until there is a log, signals are only remembered. */
  log: Log | undefined;
}

/**
 * Listens from now on. To be called first of all: without a listener a signal kills the process, or, as
 * PID 1 of a container, does nothing.
 */
export function listenForSignals(clock: Clock): Signals {
  const drain = new AbortController();
  const kill = new AbortController();
  let cancel = () => {};
  let mustReload = false;
  let wake = () => {};
  const signals: Signals = {
    drain: drain.signal,
    kill: kill.signal,
    reloadAsked: async (signal) => {
      if (!mustReload && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        signal.addEventListener("abort", wake);
        await promise;
        signal.removeEventListener("abort", wake);
      }
      if (signal.aborted) return false;
      mustReload = false;
      return true;
    },
    shutDown: () => {
      if (!drain.signal.aborted) onStop();
    },
    log: undefined,
    [Symbol.dispose]: () => {
      cancel();
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    },
  };
  const onStop = () => {
    if (!drain.signal.aborted) {
      signals.log?.info("Attempting graceful shutdown");
      cancel = clock.after(GRACE_MS, fast);
      drain.abort();
    } else fast();
  };
  const fast = () => {
    if (kill.signal.aborted) return;
    signals.log?.info("Graceful shutdown failed, attempting fast shutdown");
    kill.abort();
  };
  const onHangUp = () => {
    mustReload = true;
    wake();
  };
  const listeners = [["SIGTERM", onStop], ["SIGINT", onStop], ["SIGHUP", onHangUp]] as const;
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return signals;
}
