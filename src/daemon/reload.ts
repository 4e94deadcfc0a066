/**
 * Reloading: from the files as they are now to a setup that can take over. Whatever is wrong with them
 * leaves the setup that works in place.
 */

import { pause } from "../clock.ts";
import type { LoadResult, LogConfig } from "../config/config.ts";
import type { Log } from "../log.ts";
import { orAborted } from "../abort.ts";
import { ClusterError } from "../teleport/errors.ts";
import { connect } from "./connect.ts";
import { requestLinks } from "./request_links.ts";
import { prepare, release, type Setup, type SetupDeps } from "./setup.ts";
import { StartError } from "./start_error.ts";
import { reasonOf } from "../text.ts";

/** Where reloads come from, and who is told of them. */
export interface Reloads {
  /** Waits for a reload to be asked for; false when `signal` is aborted. */
  asked(signal: AbortSignal): Promise<boolean>;
  /** Reads the configuration file. */
  load(): Promise<LoadResult>;
  /** Reopens log files. Throws when one cannot be opened; the log then stays as it was. */
  reopenLog(config: LogConfig): void;
  /** Called when a reload begins. */
  began(): void;
  /** Called when it is over: with true when the new configuration is in use, else the old one is. */
  ended(isReloaded: boolean): void;
}

/** How long the cluster of a new configuration may take to answer. */
const ANSWER_MS = 15_000;
/** How long a reload may take: a file or a name lookup that hangs must not keep the next one waiting. */
const RELOAD_MS = 60_000;

/**
 * Makes the next setup beside `current`; undefined when that has to stay, because something is wrong,
 * something hangs, or `signal` is aborted. Never rejects.
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
  if (!loaded.ok) throw new StartError(loaded.errors);
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

/** A cluster that does not let us watch must not take the place of one that does. */
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
