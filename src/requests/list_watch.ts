/**
 * List-watch: watches the cluster, lists everything after each start of the stream, and reconnects. An
 * event in a gap is not missed, because the listing is taken after the stream has started
 * (teleport-protocol.md §5.1).
 */

import { DecorrelatedBackoff } from "../backoff.ts";
import { pause } from "../clock.ts";
import type { Runtime } from "../runtime.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { OptionalKind, RuleEvent } from "../teleport/calls/watch.ts";
import { ClusterError } from "../teleport/errors.ts";
import { Lister, type ListerDeps, type ListingTarget, RECHECK_MS } from "./listing.ts";
import type { Cluster, ClusterEvent } from "./ports.ts";
import { reasonOf } from "../text.ts";

const RULES = "access_monitoring_rule";
/** A stream that lived this long counts as success, and the next outage starts with a short wait. */
const STABLE_MS = 1_000;
/** Delay between attempts after the server refused the watch; refusals rarely resolve on their own. */
const REFUSED_PAUSE_MS = 60_000;

/** What takes listings and events: the reconciler. */
export interface ListWatchTarget extends ListingTarget {
  update(id: string, snapshot: AccessRequest | "gone"): void;
}

/** What takes the rules that requests are routed by: the rule store. */
export interface RuleTarget {
  /**
   * Lists the rules after a start of the stream; `isWatched` says whether it brings their changes.
   *
   * @throws {ClusterError} when the listing may succeed later
   */
  list(isWatched: boolean, signal: AbortSignal): Promise<void>;
  take(event: RuleEvent): void;
}

export interface ListWatchDeps extends Runtime, Pick<ListerDeps, "onDoubt"> {
  readonly cluster: Cluster;
  readonly target: ListWatchTarget;
  readonly rules: RuleTarget;
  /** Rejects when the stream ends, as the original does on demand (original.md §4). */
  readonly failFast?: boolean;
  /** The watch has succeeded before, so a refusal is an outage and not a configuration error. */
  readonly wasLive?: boolean;
  /**
   * Called with true when the stream is live and everything is listed, with false when it ends or could
   * not begin: because of `failure`, if there was one.
   */
  readonly onLive: (live: boolean, failure?: unknown) => void;
}

/**
 * Runs until `drain` is aborted.
 *
 * @throws {ClusterError} when the very first attempt (unless `wasLive`) is refused for a reason that time
 *   does not heal: permissions or credentials; with `failFast`, whenever the stream ends
 */
export async function listAndWatch(deps: ListWatchDeps, drain: AbortSignal): Promise<void> {
  const { clock, log } = deps;
  const backoff = new DecorrelatedBackoff(20, 5000, deps.random);
  const outage = { sinceMs: 0, attempts: 0 };
  const lister = new Lister(deps);
  let everLive = deps.wasLive ?? false;
  while (!drain.aborted) {
    const startMs = clock.now();
    let failure: unknown;
    let refused = false;
    try {
      await oneStream(
        {
          ...deps,
          onLive: (live) => {
            if (live && outage.attempts > 0) {
              log.info("Watcher is connected again", {
                attempts: outage.attempts,
                after_seconds: Math.round((clock.now() - outage.sinceMs) / 100) / 10,
              });
            }
            if (live) [everLive, outage.attempts] = [true, 0];
            deps.onLive(live);
          },
        },
        lister,
        drain,
      );
    } catch (error) {
      failure = error;
      refused = error instanceof ClusterError && !error.isTransient;
      if (refused && !everLive) throw error;
    }
    if (drain.aborted) return;
    deps.onLive(false, failure);
    if (deps.failFast) throw failedFast(failure);
    if (clock.now() - startMs >= STABLE_MS) backoff.reset();
    if (outage.attempts++ === 0) {
      outage.sinceMs = clock.now();
      if (failure === undefined) log.info("Watcher stream closed, attempting to reconnect");
      else log.warn("Connection problem detected, attempting to reconnect", { error: failure });
    } else log.debug("Watcher is still disconnected", { error: failure });
    await pause(clock, refused ? REFUSED_PAUSE_MS : backoff.next(), drain);
  }
}

/** In the original's words. */
function failedFast(failure: unknown): ClusterError {
  if (failure === undefined) {
    const message = "Watcher stream closed. Exiting as fail fast is on.";
    return new ClusterError("unavailable", message);
  }
  const cause = reasonOf(failure);
  const message = `Connection problem detected. Exiting as fail fast is on.: ${cause}`;
  return new ClusterError("unavailable", message, { cause: failure });
}

/** One stream, from connecting to its end. Resolves when the server ends it in good order. */
async function oneStream(
  deps: ListWatchDeps,
  lister: Lister,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, target, rules, log, clock } = deps;
  const end = new AbortController();
  const onAbort = () => end.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  let failure: unknown;
  const fail = (error: unknown) => {
    // A listing that is cut by the end of the stream is not what ended it.
    if (end.signal.aborted) return;
    failure ??= error;
    end.abort();
  };
  /** Requests with events since the listing under way began: the events are newer than the listing. */
  let touched: Set<string> | undefined;
  let listing: Promise<void> | undefined;
  let cancelRecheck = () => {};
  const begin = async (kinds: readonly OptionalKind[]) => {
    const rulesListed = rules.list(kinds.includes(RULES), end.signal);
    // When another listing fails first, nothing waits for this one.
    rulesListed.catch(() => {});
    await list(rulesListed);
  };
  const list = async (rulesListed?: Promise<void>) => {
    cancelRecheck();
    touched = new Set();
    const isDone = await lister.list(touched, end.signal);
    touched = undefined;
    await rulesListed;
    if (!isDone) return;
    deps.onLive(true);
    scheduleRecheck();
  };
  const scheduleRecheck = () => {
    if (!lister.isInDoubt || end.signal.aborted) return;
    cancelRecheck = clock.after(RECHECK_MS, () => {
      listing = listing?.then(recheck).catch(fail);
    });
  };
  const recheck = async () => {
    if (await lister.canDoBetter(end.signal)) await list();
    else scheduleRecheck();
  };
  const take = (event: ClusterEvent) => {
    if (event.type === "init") {
      // The stream has moved to another connection: what happened between the two is listed.
      log.debug("Watcher moved to another connection");
      listing = listing?.then(() => begin(event.kinds)).catch(fail);
      return;
    }
    if (event.type === "put-rule" || event.type === "delete-rule") return rules.take(event);
    const id = event.type === "put" ? event.request.id : event.id;
    touched?.add(id);
    target.update(id, event.type === "put" ? event.request : "gone");
  };
  try {
    for await (const event of cluster.watch(end.signal, [RULES])) {
      if (listing === undefined) {
        if (event.type !== "init") {
          throw new ClusterError("unavailable", `Unexpected first event type '${event.type}'`);
        }
        log.debug("Watcher connected");
        listing = begin(event.kinds).catch(fail);
      } else take(event);
    }
  } catch (error) {
    failure ??= error;
  } finally {
    end.abort();
    cancelRecheck();
    await listing;
    signal.removeEventListener("abort", onAbort);
  }
  if (failure !== undefined) throw failure;
}
