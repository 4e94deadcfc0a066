/** `teleport-email start`: from the configuration file to the running daemon. */

import { systemClock } from "../clock.ts";
import { loadConfig } from "../config/load.ts";
import { DEFAULT_LOG, openLog } from "../ops/log.ts";
import { listenForStop } from "../ops/signals.ts";
import { ClusterError } from "../teleport/errors.ts";
import { GIT_REF, VERSION } from "../version.ts";
import { bail } from "./bail.ts";
import { runDaemon } from "./daemon.ts";
import type { StartOptions } from "./program.ts";
import { StartError } from "./start_error.ts";

/** Runs until a signal stops it; returns the exit code. */
export async function start({ configPath, debug }: StartOptions): Promise<number> {
  using signals = listenForStop(systemClock);
  const credentialsDirectory = Deno.env.get("CREDENTIALS_DIRECTORY");
  const result = await loadConfig(
    configPath,
    credentialsDirectory === undefined ? {} : { credentialsDirectory },
  );
  if (!result.ok) {
    using opened = openLog(DEFAULT_LOG);
    for (const warning of result.warnings) opened.log.warn(warning);
    return bail(opened.log, result.errors);
  }
  const { config, warnings } = result;
  const severity = debug ? "debug" : config.log.severity;
  let opened;
  try {
    opened = openLog({ ...config.log, severity });
  } catch (error) {
    using fallback = openLog(DEFAULT_LOG);
    return bail(fallback.log, [error instanceof Error ? error.message : String(error)]);
  }
  using _ = opened;
  const { log } = opened;
  signals.log = log;
  if (debug) log.debug("DEBUG logging enabled");
  for (const warning of warnings) log.warn(warning);
  const gitRef = GIT_REF === "" ? {} : { git_ref: GIT_REF };
  log.info("Starting Teleport Access Email Plugin", { version: VERSION, ...gitRef });
  try {
    const { stop, kill } = signals;
    await runDaemon(config, { log, clock: systemClock, random: Math.random, stop, kill });
  } catch (error) {
    if (error instanceof StartError) return bail(log, error.errors);
    if (error instanceof ClusterError) return bail(log, [error.message]);
    throw error;
  }
  log.info("Successfully shut down");
  return 0;
}
