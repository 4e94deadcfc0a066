/**
 * What systemd is told of the service (sd_notify(3), sd_watchdog_enabled(3)): when it is ready, reloads
 * and stops, how it is doing, and, as long as its event loop and its work turn, that it lives.
 */

import type { Clock } from "../clock.ts";
import type { NotifySocket } from "./notify_socket.ts";

/** What there is to tell, asked again and again. */
export interface Service {
  /** How it is doing, in one line. */
  readonly summary: string;
  /** Why it makes no progress, so that a restart is due; undefined when it does. */
  readonly stallReason: string | undefined;
}

export interface Systemd extends Disposable {
  /** Undefined until there is something to tell. */
  service: Service | undefined;
  /** The service has started; calls after the first have no effect. */
  ready(): void;
  reloading(): void;
  /** The reload is over: a new configuration is in use, or the one before stays. */
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

/** How often systemd hears of a change at the latest. */
const TICK_MS = 5000;

/** Begins to tell `socket` of the service; without one, all that is said goes nowhere. */
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
      // Type=notify-reload takes it for an answer only if it is not older than the question. Deno shows
      // no CLOCK_MONOTONIC; the time since boot is never behind it.
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

/** After how many milliseconds of silence systemd kills this process; undefined = never. */
function readWatchdog({ env, pid }: SystemdDeps): number | undefined {
  const { WATCHDOG_PID: watched, WATCHDOG_USEC: usec = "" } = env;
  if (watched !== undefined && watched !== String(pid)) return undefined;
  return /^[1-9][0-9]*$/.test(usec) ? Number(usec) / 1000 : undefined;
}
