/** `teleport-email start`: from the configuration file to the running daemon. */

import { aborted } from "../abort.ts";
import { systemClock } from "../clock.ts";
import type { LogConfig } from "../config/config.ts";
import { readEnvironment } from "../environment.ts";
import type { Log } from "../log.ts";
import { DEFAULT_LOG, type OpenedLog, openLog } from "../ops/log.ts";
import { openNotifySocket } from "../ops/notify_socket.ts";
import type { Signals } from "../ops/signals.ts";
import { tellSystemd } from "../ops/systemd.ts";
import { UNCAUGHT_EXIT_CODE, type UncaughtErrors } from "../ops/uncaught.ts";
import { ClusterError } from "../teleport/errors.ts";
import { GIT_REF, VERSION } from "../version.ts";
import { runDaemon } from "../daemon/daemon.ts";
import { furtherErrors } from "../daemon/preflight.ts";
import { EXIT_CONFIGURATION, EXIT_FAILURE, EXIT_OK } from "./exit_codes.ts";
import { readConfigFile } from "./read_config.ts";
import { checkRuntime } from "./runtime.ts";
import { StartError } from "../daemon/start_error.ts";
import { reasonOf } from "../text.ts";

/** What the command takes from the command line. */
export interface StartOptions {
  readonly configPath: string;
  readonly debug: boolean;
}

/** Runs until a signal or an uncaught error stops it; returns the exit code. */
export async function start(
  { configPath, debug }: StartOptions,
  signals: Signals,
  uncaught: UncaughtErrors,
): Promise<number> {
  const load = () => readConfigFile(configPath);
  const result = await orDrained(load(), signals.drain);
  if (result === undefined) return EXIT_OK;
  if (!result.ok) {
    using opened = openLog(DEFAULT_LOG);
    for (const warning of result.warnings) opened.log.warn(warning);
    const { errors, fileErrors = [], parts } = result;
    const further = furtherErrors(parts, readEnvironment(), systemClock.now());
    const all = [...errors, ...await orDrained(further, signals.drain) ?? []];
    // Files may be written later, and so may credentials.
    const mayHeal = fileErrors.length === errors.length && !result.isUnreadable;
    return exitWithErrors(opened.log, all, mayHeal ? EXIT_FAILURE : EXIT_CONFIGURATION);
  }
  const { config, warnings } = result;
  const logOptions = (log: LogConfig) => debug ? { ...log, severity: "debug" as const } : log;
  let opened: OpenedLog;
  try {
    opened = openLog(logOptions(config.log));
  } catch (error) {
    using fallback = openLog(DEFAULT_LOG);
    const message = reasonOf(error);
    return exitWithErrors(fallback.log, [message], EXIT_CONFIGURATION);
  }
  using _ = opened;
  const { log } = opened;
  signals.log = log;
  shutDownWhenUncaught(uncaught, signals, log);
  if (debug) log.debug("DEBUG logging enabled");
  for (const warning of warnings) log.warn(warning);
  const gitRef = GIT_REF === "" ? {} : { git_ref: GIT_REF };
  const runtimeWarning = checkRuntime(Deno.version.deno);
  if (runtimeWarning !== undefined) log.warn(runtimeWarning);
  log.info("Starting Teleport Access Email Plugin", { version: VERSION, ...gitRef });
  const env = readEnvironment();
  const { drain, kill, reloadAsked: asked } = signals;
  await using socket = openNotifySocket(env["NOTIFY_SOCKET"], (message) => log.warn(message));
  using systemd = tellSystemd(socket, {
    env,
    pid: Deno.pid,
    clock: systemClock,
    uptime: Deno.osUptime,
  });
  drain.addEventListener("abort", systemd.stopping);
  let pending: number;
  try {
    const reloads = {
      asked,
      load,
      reopenLog: (config: LogConfig) => opened.reopen(logOptions(config)),
      began: systemd.reloading,
      ended: systemd.reloaded,
    };
    const failFast = readFailFast(env);
    const deps = {
      log,
      clock: systemClock,
      random: Math.random,
      env,
      failFast,
      drain,
      kill,
      reloads,
      systemd,
      uncaught,
    };
    pending = await runDaemon(config, deps);
  } catch (error) {
    const isStart = error instanceof StartError;
    if (!isStart && !(error instanceof ClusterError)) throw error;
    const errors = isStart ? error.errors : [error.message];
    const mayHeal = !isStart || error.mayHeal;
    // What ended the program may not be the only error that does.
    const further = await orDrained(furtherErrors(config, env, systemClock.now()), kill) ?? [];
    const all = [...new Set([...errors, ...further])];
    return exitWithErrors(log, all, mayHeal ? EXIT_FAILURE : EXIT_CONFIGURATION);
  }
  if (uncaught.count > 0) {
    log.error("Shut down after an unexpected error", { exit_code: UNCAUGHT_EXIT_CODE });
    return UNCAUGHT_EXIT_CODE;
  }
  if (pending > 0) {
    // In Teleport's plugin data.
    log.info("Pending emails are sent after the next start", { pending_emails: pending });
  }
  log.info("Successfully shut down");
  return EXIT_OK;
}

/** One cause may come with each connection; each is logged once, as far as they can be remembered. */
const MAX_CAUSES = 100;
/** Past the graceful and the fast shutdown, neither of which a bug may hold up. */
const UNCAUGHT_LIMIT_MS = 30_000;

/** Has an uncaught error stop the program as a signal does: emails being sent are finished. */
function shutDownWhenUncaught(uncaught: UncaughtErrors, signals: Signals, log: Log): void {
  const causes = new Set<string>();
  uncaught.handler = (fields) => {
    const cause = `${fields.error} ${fields.at}`;
    if (!causes.has(cause) && causes.size < MAX_CAUSES) {
      causes.add(cause);
      log.error("Unexpected error, shutting down", { ...fields });
    }
    if (uncaught.count > 1) return;
    systemClock.after(UNCAUGHT_LIMIT_MS, () => Deno.exit(UNCAUGHT_EXIT_CODE));
    signals.shutDown();
  };
}

/** A file may be slow to read, on a network file system for example. */
async function orDrained<T>(promise: Promise<T>, drain: AbortSignal): Promise<T | undefined> {
  return await Promise.race([promise, aborted(drain).then(() => undefined)]);
}

/** Logs each error on a line of its own, numbered when there are several, and returns `code`. */
function exitWithErrors<T extends number>(log: Log, errors: readonly string[], code: T): T {
  errors.forEach((error, index) => {
    const number = errors.length > 1 ? { error_number: index + 1 } : {};
    log.error("Terminating with fatal error", { ...number, error });
  });
  return code;
}

const FAIL_FAST = "TELEPORT_PLUGIN_FAIL_FAST";
/** What Go's `strconv.ParseBool` takes. */
const GO_BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/**
 * Whether the program is to end when it loses the cluster (original.md §4).
 *
 * @throws {StartError} in the original's words when the value is not a boolean
 */
export function readFailFast(env: Readonly<Record<string, string | undefined>>): boolean {
  const value = env[FAIL_FAST];
  if (value === undefined || value === "") return false;
  const answer = GO_BOOLEANS.get(value);
  if (answer !== undefined) return answer;
  throw new StartError([
    `failed to parse content '${value}' of the ${FAIL_FAST} environment variable`,
  ]);
}
