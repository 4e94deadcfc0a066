/**
 * Lists everything and hands it over, together with what is known to be gone. While a listing may be
 * incomplete, one error says why, and the roles are read again until they allow a complete one.
 */

import type { Runtime } from "../runtime.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { type AbsenceCalls, judgeAbsence, type ListingDoubt, listingRight } from "./absence.ts";
import type { Cluster } from "./ports.ts";
import type { RawRecord } from "./record/record.ts";

/** How often the roles are read again while they do not allow a complete listing. */
export const RECHECK_MS = 30_000;
/** How often everything is listed again while the roles do not tell whether a listing is complete. */
const RELIST_MS = 600_000;

/** Everything that the cluster has. */
export interface Listing {
  /** Undefined when the server has no call for it. */
  readonly requests: readonly AccessRequest[] | undefined;
  /** Our entry in each record, by request id. */
  readonly records: ReadonlyMap<string, RawRecord>;
  /** Requests with events since the listing began: the events are newer than the listing. */
  readonly touched: ReadonlySet<string>;
}

/** What takes a listing: the reconciler. */
export interface ListingTarget {
  /** Everything is about to be listed. */
  beginListing(): void;
  /** The requests that the listing should have, and that would be closed if they were gone. */
  missingFrom(listing: Listing): readonly string[];
  /** `gone`: requests that do not exist any more. Other missing ones may exist. */
  replace(listing: Listing, gone: ReadonlySet<string>): void;
}

export interface ListerDeps extends Runtime {
  readonly cluster: Pick<Cluster, "listRecords" | "listRequests"> & AbsenceCalls;
  readonly target: ListingTarget;
  /** Called with the reason when a listing may be incomplete, with undefined when that is over. */
  readonly onDoubt?: (reason: string | undefined) => void;
}

/** Lists for as long as the program runs: a doubt outlives the stream in which it arose. */
export class Lister {
  #doubt: ListingDoubt | undefined;
  #doubtedSinceMs = 0;
  #listedMs = 0;

  constructor(private readonly deps: ListerDeps) {}

  /** Whether the last listing may have been incomplete. */
  get isInDoubt(): boolean {
    return this.#doubt !== undefined;
  }

  /**
   * Lists everything; `touched` may grow meanwhile. Returns whether the target has it.
   *
   * @throws {ClusterError}
   */
  async list(touched: ReadonlySet<string>, signal: AbortSignal): Promise<boolean> {
    const { cluster, target, clock } = this.deps;
    target.beginListing();
    // In this order: a request that is made, and recorded by another replica, between the two listings
    // would otherwise have a record and not be listed. A right that was missing may be back when the
    // roles are read after the listing, which takes its time.
    const [records, before] = await Promise.all([
      cluster.listRecords(signal),
      listingRight(cluster, signal),
    ]);
    const requests = await cluster.listRequests(signal);
    const listing = { requests, records, touched };
    if (requests === undefined) target.replace(listing, new Set());
    else {
      const missing = target.missingFrom(listing);
      const { gone, found, doubt } = await judgeAbsence(missing, cluster, signal);
      if (signal.aborted) return false;
      target.replace({ ...listing, requests: [...requests, ...found] }, gone);
      const wasDenied = before.right === "denied"
        ? { kind: before.right, reason: before.reason }
        : undefined;
      this.#note(doubt ?? wasDenied, missing.length - found.length);
    }
    this.#listedMs = clock.now();
    return true;
  }

  /** Whether another listing may tell more than the last one. Never rejects. */
  async canDoBetter(signal: AbortSignal): Promise<boolean> {
    if (this.#doubt === undefined) return false;
    try {
      const { right } = await listingRight(this.deps.cluster, signal);
      const isOld = this.deps.clock.now() - this.#listedMs >= RELIST_MS;
      return right !== this.#doubt.kind || (right === "uncertain" && isOld);
    } catch (error) {
      this.deps.log.debug("Cannot read the roles", { error });
      return false;
    }
  }

  #note(doubt: ListingDoubt | undefined, missing: number): void {
    const { clock, log, onDoubt } = this.deps;
    const before = this.#doubt;
    this.#doubt = doubt;
    if (doubt?.reason === before?.reason) return;
    onDoubt?.(doubt?.reason);
    if (doubt === undefined) {
      log.info("Listing of access requests is complete again", {
        after_seconds: Math.round((clock.now() - this.#doubtedSinceMs) / 1000),
      });
      return;
    }
    if (before === undefined) this.#doubtedSinceMs = clock.now();
    log.error("Listing of access requests may be incomplete, it closes no request", {
      reason: doubt.reason,
      missing,
    });
  }
}
