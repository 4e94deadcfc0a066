/**
 * Reconciles access requests: a request's latest snapshot and its record decide what is owed, never the
 * events in between. Whatever happened during an outage is part of the next reconcile.
 *
 * The steps of one reconcile, in order, as reconcile.ts takes them:
 *
 *  1. observe   latest state from the watch or the listing        list_watch.ts, tracked_request.ts
 *  2. confirm   whether a request that was closed as expired      absence.ts
 *               exists after all, and whether one is still pending
 *               whose reviewers are to be reminded
 *  3. route     the recipients, once, before the first mail       ../routing/router.ts
 *  4. ask       the requester's address, when there is news,      requester_address.ts
 *               and the owners of an access list                  ../routing/router.ts
 *  5. plan      next record: owed and superseded mails (pure)     plan.ts, reminders.ts
 *  6. due       owed mails that may be tried now                  delivery/retries.ts, record/lease.ts
 *  7. write     compare-and-set of the record, with the lease     record/stored_record.ts
 *  8. send      within the limits of transport and breaker        delivery/dispatch.ts
 *  9. settle    accepted and failed mails leave the record        delivery/settlement.ts
 *
 * What remains afterwards decides when the request is reconciled again ({@linkcode Next}).
 */

import { DecorrelatedBackoff } from "../backoff.ts";
import { pause } from "../clock.ts";
import { reasonOf } from "../text.ts";
import { settle } from "./delivery/outcome.ts";
import { FailureLog } from "./failure_log.ts";
import type { Listing } from "./listing.ts";
import { needsRequester, plan, type PlanInput, type Snapshot } from "./plan.ts";
import { type Next, Reconcile, type ReconcileDeps, type SendSlots } from "./reconcile.ts";
import { foreignLeaseEndMs, holdsLease, withLease } from "./record/lease.ts";
import { decodeRecord, type PluginRecord, type RawRecord } from "./record/record.ts";
import { isWriteRefused } from "./record/stored_record.ts";
import {
  goneAtMs,
  type OutboxCounts,
  type RequestOutbox,
  TrackedRequest,
  type UnwritableRequest,
} from "./tracked_request.ts";
import { WorkQueue } from "./work_queue.ts";

/** Requests being sent at the same time, at least. */
const MIN_IN_FLIGHT_REQUESTS = 32;
/**
 * The same for each connection of the transport: a request with one recipient uses none while its record is
 * written. More would hold leases long before their mails can leave.
 */
const IN_FLIGHT_PER_CONNECTION = 2;
/**
 * Concurrent reconciles for each request that may be sent, so that new requests are recorded even while
 * every sender waits for a slow server.
 */
const RECONCILES_PER_IN_FLIGHT = 2;
/** When no request has finished for so long, those that wait for their turn are recorded. */
const STALL_MS = 500;
/** How long a new request may wait for its turn without a record. */
const RECORD_WITHIN_MS = 30_000;

/** Holds every request that is known, and reconciles those that something has happened to. */
export class Reconciler {
  readonly #tracked = new Map<string, TrackedRequest>();
  readonly #queue: WorkQueue;
  /** A listing is under way, and may be older than what is known here. */
  #isListing = false;
  readonly #maxInFlight: number;
  /** Requests whose mails leave. */
  readonly #inFlight = new Set<string>();
  /** Requests whose mails wait for the transport or for others, in order. */
  readonly #parked = new Set<string>();
  /** When a request last gave its slot back, in milliseconds since 1970. */
  #freedAtMs = 0;
  #cancelWatch: (() => void) | undefined;
  readonly #failures: FailureLog;
  readonly #writeFailures: FailureLog;
  readonly #slots: SendSlots = {
    maySend: (id) => this.#maySend(id),
    isTurnNear: (id, sinceMs) => this.#isTurnNear(id, sinceMs),
    take: (id) => {
      this.#inFlight.add(id);
      this.#parked.delete(id);
    },
  };

  constructor(private readonly deps: ReconcileDeps) {
    this.#maxInFlight = Math.max(
      MIN_IN_FLIGHT_REQUESTS,
      IN_FLIGHT_PER_CONNECTION * deps.semaphore.maxInFlight,
    );
    const concurrency = RECONCILES_PER_IN_FLIGHT * this.#maxInFlight;
    this.#queue = new WorkQueue((id) => this.#work(id), concurrency, deps.clock);
    this.#failures = new FailureLog(
      "Failed to process request, trying again",
      "Requests are processed again",
      deps,
    );
    this.#writeFailures = new FailureLog(
      "Cannot write plugin data, trying again",
      "Plugin data can be written again",
      deps,
    );
  }

  /** The latest of what is known of a request. */
  update(id: string, snapshot: Snapshot): void {
    this.#track(id, snapshot).update(snapshot);
    this.#queue.add(id);
  }

  /** To be called before a listing is asked for. */
  beginListing(): void {
    this.#isListing = true;
    for (const entry of this.#tracked.values()) {
      entry.versionBeforeListing = entry.stored.version;
    }
  }

  /**
   * The requests that the listing should have: known or recorded ones that would be closed if they were
   * gone. Those past their expiry and those whose decision is known need no further evidence.
   */
  missingFrom({ requests, records, touched }: Listing): readonly string[] {
    const listed = new Set(requests?.map((request) => request.id));
    const nowMs = this.deps.clock.now();
    return [...new Set([...this.#tracked.keys(), ...records.keys()])].filter((id) => {
      if (listed.has(id) || touched.has(id)) return false;
      const entry = this.#tracked.get(id);
      const record = this.#recordOf(entry, records.get(id));
      if (record === undefined || entry?.isDecided || entry?.snapshot === "gone") return false;
      const isExpired = nowMs >= (goneAtMs(entry?.snapshot, record) ?? Infinity);
      return !isExpired && this.#wouldClose(record, nowMs);
    });
  }

  /**
   * Takes everything there is, after the watch has (re)started; events since then are newer. A missing
   * request that is not known to be gone stays as it was, until its expiry at the latest.
   */
  replace(listing: Listing, gone: ReadonlySet<string>): void {
    const { requests, records, touched } = listing;
    const missing = new Set(this.missingFrom(listing).filter((id) => !gone.has(id)));
    const latest = new Map(requests?.map((request) => [request.id, request]));
    const ids = [...this.#tracked.keys(), ...records.keys(), ...latest.keys()];
    const snapshots = new Map<string, Snapshot>();
    for (const id of ids) {
      if (touched.has(id)) continue;
      const known = this.#tracked.get(id)?.snapshot;
      const request = latest.get(id);
      if (request !== undefined) snapshots.set(id, request);
      else if (missing.has(id)) snapshots.set(id, known ?? "unlisted");
      else if (this.#isDoubtfulEnd(id, listing, gone)) snapshots.set(id, "unlisted");
      else if (requests !== undefined || known === undefined) snapshots.set(id, "gone");
      // Without a listing nothing is known to be gone.
      else snapshots.set(id, known);
    }
    for (const [id, snapshot] of snapshots) this.#track(id, snapshot);
    for (const [id, entry] of this.#tracked) {
      // The listing's record would send again what is settled.
      if (this.#isNewerThanListing(entry)) continue;
      // One that the listing lacks may have been created since, as the request has changed since.
      if (!touched.has(id) || records.has(id)) entry.stored.set(records.get(id) ?? {});
    }
    for (const [id, snapshot] of snapshots) {
      const entry = this.#track(id, snapshot);
      entry.updateWithRecord(snapshot);
      entry.isMissing = missing.has(id) || snapshot === "unlisted";
      this.#queue.add(id);
    }
    // They were reconciled before their records were known.
    for (const id of touched) this.#queue.add(id);
    this.#isListing = false;
  }

  /** Reads the records with failed mails again: an operator may have requeued some. */
  rereadFailed(): void {
    for (const [id, entry] of this.#tracked) {
      if ((entry.stored.record?.failed.length ?? 0) === 0) continue;
      entry.isRecordStale = true;
      this.#queue.add(id);
    }
  }

  /**
   * Whether only the listing says that a request is gone: its record says so falsely, and another replica
   * may correct that, or a reconcile is about to create the record.
   */
  #isDoubtfulEnd(id: string, { records }: Listing, gone: ReadonlySet<string>): boolean {
    const entry = this.#tracked.get(id);
    const snapshot = entry?.snapshot;
    if (gone.has(id) || entry?.isDecided || snapshot === "gone") return false;
    const record = this.#recordOf(entry, records.get(id));
    if (record === undefined) return typeof snapshot === "object" && snapshot.state === "PENDING";
    return record.resolution === "EXPIRED";
  }

  /** The record as it was listed, unless it was written or read since. */
  #recordOf(entry: TrackedRequest | undefined, listed: RawRecord = {}): PluginRecord | undefined {
    const isNewer = entry !== undefined && this.#isNewerThanListing(entry);
    return isNewer ? entry.stored.record : decodeRecord(listed).record;
  }

  /** Whether the record was written or read since the listing began. */
  #isNewerThanListing({ stored, versionBeforeListing }: TrackedRequest): boolean {
    return stored.version !== versionBeforeListing;
  }

  /** The transport can send again. */
  resumeParked(): void {
    const ids = [...this.#parked];
    // Before adding them: some find no place and are parked again at once.
    this.#parked.clear();
    for (const id of ids) this.#queue.add(id);
  }

  /** Requests that wait for their turn or are worked on. */
  get queueDepth(): number {
    return this.#queue.depth + (this.deps.breaker.isPaused ? 0 : this.#parked.size);
  }

  /** A finished request frees its place for the next parked one. */
  #resumeNext(): void {
    const [next] = this.#parked;
    if (next === undefined || !this.#maySend(next)) return;
    this.#parked.delete(next);
    // A new request has the slot while it is routed: others would take it.
    const entry = this.#tracked.get(next);
    if (entry !== undefined && entry.stored.record === undefined) this.#inFlight.add(next);
    this.#queue.add(next);
  }

  #isTurnNear(id: string, sinceMs: number): boolean {
    if (this.deps.breaker.isPaused || this.#maySend(id)) return false;
    const nowMs = this.deps.clock.now();
    const isMoving = nowMs - Math.max(this.#freedAtMs, sinceMs) < STALL_MS;
    return isMoving && nowMs - sinceMs < RECORD_WITHIN_MS && nowMs >= sinceMs;
  }

  /** Has new requests recorded whose turn is not near any more. */
  #watchUnrecorded(): void {
    this.#cancelWatch ??= this.deps.clock.after(STALL_MS, () => {
      this.#cancelWatch = undefined;
      for (const id of this.#parked) {
        const entry = this.#tracked.get(id);
        if (entry === undefined || entry.stored.record !== undefined) continue;
        if (this.#isTurnNear(id, entry.trackedSinceMs)) this.#watchUnrecorded();
        else this.#queue.add(id);
      }
    });
  }

  #maySend(id: string): boolean {
    return !this.deps.breaker.isPaused &&
      (this.#inFlight.has(id) || this.#inFlight.size < this.#maxInFlight);
  }

  /** The mails of each request that owes some, or has given some up. */
  outbox(): readonly RequestOutbox[] {
    return [...this.#tracked.values()].flatMap((entry) => entry.outbox ?? []);
  }

  /** The numbers of `outbox()`, for callers that ask often. */
  outboxCounts(): OutboxCounts {
    let [pending, failed, oldestMs] = [0, 0, Infinity];
    for (const { stored: { record } } of this.#tracked.values()) {
      if (record === undefined) continue;
      pending += record.owed.length;
      failed += record.failed.length;
      for (const { sinceMs } of record.owed) oldestMs = Math.min(oldestMs, sinceMs);
    }
    return { pending, failed, oldestMs: pending === 0 ? undefined : oldestMs };
  }

  /** The requests whose records the cluster refuses to change. */
  unwritable(): readonly UnwritableRequest[] {
    return [...this.#tracked.values()].flatMap(({ id, stored: { refusal } }) =>
      refusal === undefined ? [] : [{ id, ...refusal }]
    );
  }

  /** Ends work, after `deps.drain` was aborted; mails in flight are waited for. */
  async drain(): Promise<void> {
    this.#cancelWatch?.();
    await this.#queue.drain();
    await Promise.all([...this.#tracked.values()].map((entry) => this.#finish(entry)));
  }

  #track(id: string, snapshot: Snapshot): TrackedRequest {
    let entry = this.#tracked.get(id);
    if (entry === undefined) {
      entry = new TrackedRequest(id, snapshot, this.deps);
      this.#tracked.set(id, entry);
    }
    return entry;
  }

  /** One reconcile of one request. Never rejects: a failure means another one later. */
  async #work(id: string): Promise<void> {
    const entry = this.#tracked.get(id);
    if (entry === undefined) {
      this.#inFlight.delete(id);
      return this.#resumeNext();
    }
    const result = await this.#tryReconcile(id, entry);
    switch (result.next) {
      case "done":
        // Its end may have come since: that is another state, which a queued reconcile is to see. During
        // a listing it stays: a record from before its last settlement would look new.
        if (result.snapshot === "gone" && entry.snapshot === "gone" && !this.#isListing) {
          this.#tracked.delete(id);
        }
        break;
      case "parked":
        this.#parked.add(id);
        if (entry.stored.record === undefined) this.#watchUnrecorded();
        break;
      case "at":
        this.#queue.addAt(id, result.atMs);
        break;
      case "again":
        this.#queue.add(id);
        break;
      case "stopped":
        break;
    }
    if (entry.goneAtMs !== undefined) this.#queue.addAt(id, entry.goneAtMs);
    this.deps.observer.reconciled();
    if (this.#inFlight.delete(id)) this.#freedAtMs = this.deps.clock.now();
    this.#resumeNext();
  }

  async #tryReconcile(id: string, entry: TrackedRequest): Promise<Next> {
    try {
      await entry.refreshRecord(this.deps.kill);
      const next = await new Reconcile(id, entry, this.#slots, this.#writeFailures, this.deps)
        .run();
      this.#failures.succeeded(id);
      if (entry.unsettled.length > 0 || entry.stored.refusal !== undefined) return next;
      this.#writeFailures.succeeded(id);
      entry.failures = 0;
      return next;
    } catch (error) {
      if (this.deps.drain.aborted) return { next: "stopped" };
      // Recording what was sent has failed before, and was reported.
      const log = entry.unsettled.length > 0 ? this.#writeFailures : this.#failures;
      log.failed(id, error);
      return { next: "at", atMs: entry.failed() };
    }
  }

  /** Whether the record would change if its request were gone. */
  #wouldClose(record: PluginRecord, nowMs: number): boolean {
    const gone: PlanInput = { snapshot: "gone", record, recipients: [], nowMs, catchUpMs: 0 };
    const isRequesterMailed = this.deps.requesters !== undefined && needsRequester(gone);
    return isRequesterMailed || plan(gone).record !== record;
  }

  /**
   * The last writes to a record: what was sent, and the lease released, so that another replica can go on
   * at once.
   */
  async #finish({ stored, requestLog, unsettled }: TrackedRequest): Promise<void> {
    const { instance, clock, kill, log, random } = this.deps;
    const backoff = new DecorrelatedBackoff(20, 5000, random);
    for (;;) {
      const { record } = stored;
      const isOurs = holdsLease(record?.owner, instance, clock.now());
      if (record === undefined || (!isOurs && unsettled.length === 0)) return;
      const next = settle(record, unsettled);
      const nowMs = clock.now();
      const isForeign = foreignLeaseEndMs(record.owner, instance, nowMs) !== undefined &&
        next.owed.length > 0;
      try {
        const last = isForeign ? next : withLease(next, undefined, nowMs);
        const outcome = await stored.write(last, kill);
        if (outcome !== "conflict") return;
        await stored.load(kill);
      } catch (error) {
        if (unsettled.length === 0) {
          return log.debug("Cannot release a lease, it expires on its own", { error });
        }
        if (isWriteRefused(error) || kill.aborted) {
          return requestLog.unrecorded(unsettled.length, reasonOf(error));
        }
        await pause(clock, backoff.next(), kill);
      }
    }
  }
}
