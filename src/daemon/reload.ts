/**
 * Reloads the configuration: prepares a setup from the current files. If anything is wrong with them, the
 * setup in use stays.
 */

import { pause } from "../clock.ts";
import type { LoadResult, LogConfig } from "../config/config.ts";
import type { Log } from "../log.ts";
import { orAborted } from "../abort.ts";
import { ClusterError } from "../teleport/errors.ts";
import { connect } from "./connect.ts";
import { furtherErrors } from "./preflight.ts";
import { requestLinks } from "./request_links.ts";
import { prepare, release, type Setup, type SetupDeps } from "./setup.ts";
import { StartError } from "./start_error.ts";
import { reasonOf } from "../text.ts";

/** The trigger of reloads, and hooks that report them. */
export interface Reloads {
  /** Waits for the next reload request; false when `signal` is aborted. */
  asked(signal: AbortSignal): Promise<boolean>;
  /** Reads the configuration file. */
  load(): Promise<LoadResult>;
  /** Reopens log files. Throws when one cannot be opened; the log then stays as it was. */
  reopenLog(config: LogConfig): void;
  /** Called when a reload begins. */
  began(): void;
  /** Called when a reload ends; true if the new configuration is in use. */
  ended(isReloaded: boolean): void;
}

/** Time limit for the first answer of a new configuration's cluster. */
const ANSWER_MS = 15_000;
/** Time limit of a reload: a file or a name lookup that hangs must not block the next one. */
const RELOAD_MS = 60_000;

/**
 * Prepares the next setup while `current` runs; undefined if `current` stays in use because of an error, a
 * timeout, or an aborted `signal`. Never rejects.
 */
export async function reload(
  current: Setup,
  reloads: Reloads,
  deps: SetupDeps,
  signal: AbortSignal,
): Promise<Setup | undefined> {
  const { log, clock } = deps;
  reloads.began();
  log.info("Reloading the configuration");
  const hung = new AbortController();
  const cancel = clock.after(
    RELOAD_MS,
    () =>
      hung.abort(new Error(`no end after ${RELOAD_MS / 1000} s: a file or a name lookup hangs`)),
  );
  const limit = AbortSignal.any([signal, hung.signal]);
  const making = make(current, reloads, deps, limit);
  try {
    const next = await orAborted(making, limit);
    reloads.reopenLog(next.config.log);
    return next;
  } catch (error) {
    void making.then((unused) => release(unused, log, current), () => {});
    if (!signal.aborted) logProblems(messages(error), current, log);
    reloads.ended(false);
    return undefined;
  } finally {
    cancel();
  }
}

function logProblems(problems: readonly string[], current: Setup, log: Log): void {
  const since = new Date(current.loadedMs).toISOString();
  for (const error of problems) {
    log.error("Cannot reload the configuration, the one in use stays", {
      error,
      in_use_since: since,
    });
  }
}

async function make(
  current: Setup,
  reloads: Reloads,
  deps: SetupDeps,
  signal: AbortSignal,
): Promise<Setup> {
  const { log, clock } = deps;
  // Reopen the log first: logrotate may have moved it even if the new configuration is broken.
  reloads.reopenLog(current.config.log);
  const loaded = await reloads.load();
  signal.throwIfAborted();
  for (const warning of loaded.warnings) log.warn(warning);
  if (!loaded.ok) {
    const further = await furtherErrors(loaded.parts, deps.env, clock.now());
    throw new StartError([...loaded.errors, ...further]);
  }
  const next = await prepare(loaded.config, current, deps, signal);
  const answered = new AbortController();
  const limit = AbortSignal.any([signal, answered.signal]);
  void pause(clock, ANSWER_MS, limit).then(() => answered.abort());
  try {
    if (next.cluster === current.cluster) await next.cluster.reread(limit);
    else await tryOut(next, deps, limit);
    return next;
  } catch (error) {
    await release(next, log, current);
    throw error;
  } finally {
    answered.abort();
  }
}

/** A cluster that refuses the watch must not replace one that permits it. */
async function tryOut(
  { config, cluster }: Setup,
  deps: SetupDeps,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log } = deps;
  cluster.server = await connect(cluster.client, { clock, random, log, failFast: true }, signal);
  if (cluster.server !== undefined) requestLinks(cluster.server);
  for await (const _ of cluster.client.watch(signal)) return;
  const { addr } = config.teleport;
  throw new ClusterError(
    "unavailable",
    `Cannot watch access requests at '${addr}': no answer in time`,
  );
}

function messages(error: unknown): readonly string[] {
  if (error instanceof StartError) return error.errors;
  return [reasonOf(error)];
}
