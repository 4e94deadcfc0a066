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
  /** The service does its work: for the first time, after a reload, or after an outage. */
  ready(): void;
  reloading(): void;
  /** With true, a new configuration has to become ready; with false, the one before stays in use. */
  reloaded(isNew: boolean): void;
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
/** How much longer the start may take, counted from each word of it. */
const EXTEND_MS = 60_000;

/** Begins to tell `socket` of the service; without one, all that is said goes nowhere. */
export function tellSystemd(socket: NotifySocket | undefined, deps: SystemdDeps): Systemd {
  const watchdogMs = readWatchdog(deps);
  const tickMs = Math.min(TICK_MS, (watchdogMs ?? Infinity) / 2);
  let phase: "starting" | "ready" | "reloading" | "stopping" = "starting";
  /** A new configuration is in use, but does not do its work yet. */
  let isNew = false;
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
        // The cluster may be away for as long as it likes, but a start that hangs is to be ended.
        ...isWell && phase === "starting" ? [`EXTEND_TIMEOUT_USEC=${EXTEND_MS * 1000}`] : [],
        ...isWell && watchdogMs !== undefined ? ["WATCHDOG=1"] : [],
      );
    }
    cancel = deps.clock.after(tickMs, tick);
  };
  const systemd: Systemd = {
    service: undefined,
    ready: () => {
      if (phase !== "starting" && !isNew) return;
      isNew = false;
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
    reloaded: (isOtherInUse) => {
      if (phase !== "reloading") return;
      isNew ||= isOtherInUse;
      if (isNew) return;
      phase = "ready";
      say("READY=1");
    },
    stopping: () => {
      if (phase === "stopping") return;
      phase = "stopping";
      isNew = false;
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
