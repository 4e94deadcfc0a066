/**
 * Follows the cluster: watches, lists everything after each start of the stream, and reconnects for as
 * long as it takes. Nothing that happened in a gap is missed, because the listing is taken after the
 * stream has started (teleport-protocol.md §5.1).
 */

import { DecorrelatedBackoff } from "../backoff.ts";
import { pause } from "../clock.ts";
import type { Runtime } from "../runtime.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { ClusterError } from "../teleport/errors.ts";
import type { Snapshot } from "./plan.ts";
import type { Cluster, ClusterEvent } from "./ports.ts";
import type { RawRecord } from "./record/record.ts";

/** A stream that lived this long counts as success, and the next outage starts with a short wait. */
const STABLE_MS = 1_000;
/** Between tries after the server refused the watch, which seldom mends itself. */
const REFUSED_PAUSE_MS = 60_000;

/** What the feed fills; the reconciler. */
export interface ListWatchTarget {
  update(id: string, snapshot: Snapshot): void;
  /** Everything is about to be listed. */
  beginListing(): void;
  replace(
    requests: readonly AccessRequest[] | undefined,
    records: ReadonlyMap<string, RawRecord>,
    changedWhileListing: ReadonlySet<string>,
  ): void;
}

export interface ListWatchDeps extends Runtime {
  readonly cluster: Cluster;
  readonly target: ListWatchTarget;
  /** Gives up when the stream ends, as the original does on demand (original.md §4). */
  readonly failFast?: boolean;
  /** The cluster has let us watch before, so that a refusal is an outage and no mistake of set-up. */
  readonly wasLive?: boolean;
  /**
   * Called with true when the stream is live and everything is listed, with false when it ends or could
   * not begin: because of `failure`, if there was one.
   */
  readonly onLive: (live: boolean, failure?: unknown) => void;
}

/**
 * Runs until `drain` is aborted. Rejects only if the very first attempt (unless `wasLive`) is
 * refused for a reason that time does not heal: permissions or credentials.
 */
export async function listAndWatch(deps: ListWatchDeps, drain: AbortSignal): Promise<void> {
  const { clock, log } = deps;
  const backoff = new DecorrelatedBackoff(20, 5000, deps.random);
  const outage = { sinceMs: 0, attempts: 0 };
  let everLive = deps.wasLive ?? false;
  while (!drain.aborted) {
    const startMs = clock.now();
    let failure: unknown;
    let refused = false;
    try {
      await oneStream({
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
      }, drain);
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
  const cause = failure instanceof Error ? failure.message : String(failure);
  const message = `Connection problem detected. Exiting as fail fast is on.: ${cause}`;
  return new ClusterError("unavailable", message, { cause: failure });
}

/** One stream, from connecting to its end. Resolves when the server ends it in good order. */
async function oneStream(deps: ListWatchDeps, signal: AbortSignal): Promise<void> {
  const { cluster, target, log } = deps;
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
  /** Requests that events told of while the listing was under way: they know better. */
  let touched: Set<string> | undefined;
  let listing: Promise<void> | undefined;
  const list = async () => {
    touched = new Set();
    target.beginListing();
    // In this order: a request that is made, and recorded by another replica, between the two listings
    // would otherwise have a record and not be listed, and so be taken for gone.
    const records = await cluster.listRecords(end.signal);
    const requests = await cluster.listRequests(end.signal);
    if (end.signal.aborted) return;
    target.replace(requests, records, touched ?? new Set());
    touched = undefined;
    deps.onLive(true);
  };
  const take = (event: ClusterEvent) => {
    if (event.type === "init") {
      // The stream has moved to another connection: what happened between the two is listed.
      log.debug("Watcher moved to another connection");
      listing = listing?.then(list).catch(fail);
      return;
    }
    const id = event.type === "put" ? event.request.id : event.id;
    touched?.add(id);
    target.update(id, event.type === "put" ? event.request : "gone");
  };
  try {
    for await (const event of cluster.watch(end.signal)) {
      if (listing === undefined) {
        if (event.type !== "init") {
          throw new ClusterError("unavailable", `Unexpected first event type '${event.type}'`);
        }
        log.debug("Watcher connected");
        listing = list().catch(fail);
      } else take(event);
    }
  } catch (error) {
    failure ??= error;
  } finally {
    end.abort();
    await listing;
    signal.removeEventListener("abort", onAbort);
  }
  if (failure !== undefined) throw failure;
}
