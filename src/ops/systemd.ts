/**
 * Notifications for systemd (sd_notify(3), sd_watchdog_enabled(3)): ready, reloading, stopping, a status
 * line, and watchdog keep-alives while the event loop is responsive and work makes progress.
 */

import type { Clock } from "../clock.ts";
import type { NotifySocket } from "./notify_socket.ts";

/** The service's current state, polled on every tick. */
export interface Service {
  /** A one-line status. */
  readonly summary: string;
  /** Why it is stalled and needs a restart; undefined if it makes progress. */
  readonly stallReason: string | undefined;
}

export interface Systemd extends Disposable {
  /** Undefined until the daemon has a state. */
  service: Service | undefined;
  /** The service has started; calls after the first have no effect. */
  ready(): void;
  reloading(): void;
  /** The reload has ended, whether or not the configuration was replaced. */
  reloaded(): void;
  stopping(): void;
}

export interface SystemdDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly clock: Clock;
  /** Seconds since boot, rounded up. */
  readonly uptime: () => number;
}

/** Maximum delay of a changed status line. */
const TICK_MS = 5000;

/** Starts to notify `socket`; without one, notifications are discarded. */
export function tellSystemd(socket: NotifySocket | undefined, deps: SystemdDeps): Systemd {
  const watchdogMs = readWatchdog(deps);
  const tickMs = Math.min(TICK_MS, (watchdogMs ?? Infinity) / 2);
  let phase: "starting" | "ready" | "reloading" | "stopping" = "starting";
  let told = "";
  let cancel = () => {};
  const say = (...assignments: string[]) => {
    const status = systemd.service?.stallReason ?? systemd.service?.summary ?? "starting";
    if (status !== told) assignments.push(`STATUS=${status}`);
    told = status;
    if (assignments.length > 0) socket?.send(assignments);
  };
  const tick = () => {
    const isWell = systemd.service?.stallReason === undefined;
    if (socket?.isBusy === false) {
      say(
        ...isWell && watchdogMs !== undefined ? ["WATCHDOG=1"] : [],
      );
    }
    cancel = deps.clock.after(tickMs, tick);
  };
  const systemd: Systemd = {
    service: undefined,
    ready: () => {
      if (phase !== "starting") return;
      phase = "ready";
      say("READY=1");
    },
    reloading: () => {
      if (phase !== "ready" && phase !== "reloading") return;
      phase = "reloading";
      // Type=notify-reload accepts the reply only if its time is not before the signal. Deno does not
      // expose CLOCK_MONOTONIC; the time since boot, rounded up, is never behind it.
      say("RELOADING=1", `MONOTONIC_USEC=${deps.uptime() * 1_000_000}`);
    },
    reloaded: () => {
      if (phase !== "reloading") return;
      phase = "ready";
      say("READY=1");
    },
    stopping: () => {
      if (phase === "stopping") return;
      phase = "stopping";
      say("STOPPING=1");
    },
    [Symbol.dispose]: () => cancel(),
  };
  if (socket !== undefined) tick();
  return systemd;
}

/** The watchdog timeout in milliseconds, after which systemd kills this process; undefined = never. */
function readWatchdog({ env, pid }: SystemdDeps): number | undefined {
  const { WATCHDOG_PID: watched, WATCHDOG_USEC: usec = "" } = env;
  if (watched !== undefined && watched !== String(pid)) return undefined;
  return /^[1-9][0-9]*$/.test(usec) ? Number(usec) / 1000 : undefined;
}
