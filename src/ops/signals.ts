/**
 * Process signals: SIGTERM and SIGINT stop (original.md §3.3), SIGHUP reloads.
 */

import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

/** Time limit for mails in flight after the first signal. */
const GRACE_MS = 15_000;

export interface Signals extends Disposable {
  /** Aborted by the first signal: no new work starts. */
  readonly drain: AbortSignal;
  /** Aborted by the second signal, or 15 s after the first: mails in flight are cut off. */
  readonly kill: AbortSignal;
  /**
   * Waits for SIGHUP. Returns true at once if one or more arrived since the last call; false when `signal`
   * is aborted.
   */
  reloadAsked(signal: AbortSignal): Promise<boolean>;
  /** Stops as the first signal does; no effect during shutdown. */
  shutDown(): void;
  /** Signals before this call are remembered and logged then. */
  log: Log | undefined;
}

/**
 * Installs the listeners. Call it first: without a listener a signal kills the process or, as PID 1 of a
 * container, has no effect.
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
