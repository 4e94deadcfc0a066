/**
 * Reconciles access requests: a request's latest snapshot and its record decide what is owed, never the
 * events in between. Whatever happened during an outage is part of the next reconcile.
 *
 * The steps of one reconcile, in order:
 *
 *  1. snapshot  latest state from the watch or the listing        list_watch.ts, tracked_request.ts
 *  2. route     who is mailed, once, before the first mail        ../routing/router.ts
 *               and the requester's address, for news              requester_address.ts
 *  3. plan      next record: owed and superseded mails (pure)     plan.ts
 *  4. due       owed mails that may be tried now                  delivery/retries.ts
 *  5. write     compare-and-set of the record, with the lease     record/stored_record.ts, record/lease.ts
 *  6. send      within the limits of transport and breaker        delivery/dispatch.ts
 *  7. settle    accepted and failed mails leave the record        delivery/settlement.ts
 *
 * What remains afterwards decides when the request is reconciled again ({@linkcode Next}).
 */

import { DecorrelatedBackoff, retryDelayMs } from "../backoff.ts";
import { pause } from "../clock.ts";
import { defined } from "../optional.ts";
import type { Runtime } from "../runtime.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { dispatch, type DispatchDeps } from "./delivery/dispatch.ts";
import { listingRight } from "./absence.ts";
import type { Listing } from "./listing.ts";
import {
  goneAtMs,
  type OutboxCounts,
  type RequestOutbox,
  TrackedRequest,
  type UnwritableRequest,
} from "./tracked_request.ts";
import type { CircuitBreaker } from "./delivery/circuit_breaker.ts";
import { foreignLeaseEndMs, holdsLease, LEASE_GRACE_MS, withLease } from "./record/lease.ts";
import type { Mailer } from "./delivery/mailer.ts";
import type { Observer } from "./observer.ts";
import {
  isReopened,
  needsRecipients,
  needsRequester,
  plan,
  type PlanInput,
  type Snapshot,
  supersededMails,
} from "./plan.ts";
import { isReview } from "./record/outbox.ts";
import type { Cluster } from "./ports.ts";
import type { Requesters } from "./requester_address.ts";
import type { Router } from "../routing/router.ts";
import { decodeRecord, type PluginRecord } from "./record/record.ts";
import { FailureLog } from "./failure_log.ts";
import { settle } from "./delivery/outcome.ts";
import { isWriteRefused } from "./record/stored_record.ts";
import { reasonOf } from "../text.ts";
import { dueMails } from "./delivery/retries.ts";
import type { FairSemaphore } from "./delivery/fair_semaphore.ts";
import { WorkQueue } from "./work_queue.ts";

/** Requests being sent at the same time. More would hold leases long before their mails can leave. */
const MAX_IN_FLIGHT_REQUESTS = 32;
/**
 * Concurrent reconciles: twice the number that may send, so that new requests are recorded even while
 * every sender waits for a slow server.
 */
const MAX_CONCURRENT_RECONCILES = 2 * MAX_IN_FLIGHT_REQUESTS;
/** Recipients of one request that are served before other requests have their turn. */
const RECIPIENTS_PER_RUN = 32;

/** A refused write is retried as if it had failed that much more often: first after some seconds. */
const REFUSAL_PENALTY = 3;

/** The configuration that decides what is owed. */
export interface ReconcilerPolicy {
  /** Pending requests without a record that are older are ignored. */
  readonly catchUpMs: number;
  /** How long a mail may be owed before a further refusal drops it. */
  readonly retryForMs: number;
}

export interface ReconcilerDeps extends Runtime {
  readonly cluster: Cluster;
  readonly router: Router;
  /** Present if requesters get mails about their own requests. */
  readonly requesters?: Requesters;
  readonly mailer: Mailer;
  readonly semaphore: FairSemaphore;
  readonly breaker: CircuitBreaker;
  readonly observer: Observer;
  /** The name of this process in leases: without spaces, different for every start. */
  readonly instance: string;
  readonly policy: ReconcilerPolicy;
  /** Aborted to stop: no more mails leave, leases are released; mails in flight are finished. */
  readonly drain: AbortSignal;
  /** What is still on its way is cut off. */
  readonly kill: AbortSignal;
}

/**
 * When a request is reconciled again, unless a newer snapshot or listing comes first:
 * - `done`: never; nothing is owed, of a request in this state
 * - `parked`: when the transport can send, and the requests ahead of it have been served
 * - `at`: at a time, when a mail may be tried again or another replica's lease is over
 * - `again`: after the other requests that wait
 * - `stopped`: never; the program stops and releases the lease
 */
type Next =
  | { readonly next: "done"; readonly snapshot: Snapshot }
  | { readonly next: "parked" | "again" | "stopped" }
  | { readonly next: "at"; readonly atMs: number };

export class Reconciler {
  readonly #tracked = new Map<string, TrackedRequest>();
  readonly #queue: WorkQueue;
  /** A listing is under way, and may be older than what is known here. */
  #isListing = false;
  /** Requests whose mails leave. */
  readonly #inFlight = new Set<string>();
  /** Requests whose mails wait for the transport or for others, in order. */
  readonly #parked = new Set<string>();
  readonly #failures: FailureLog;
  readonly #writeFailures: FailureLog;

  constructor(private readonly deps: ReconcilerDeps) {
    this.#queue = new WorkQueue((id) => this.#work(id), MAX_CONCURRENT_RECONCILES, deps.clock);
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
      const isNewer = entry !== undefined && this.#isNewerThanListing(entry);
      const record = isNewer ? entry.stored.record : decodeRecord(records.get(id) ?? {}).record;
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
      else if (requests !== undefined || known === undefined) snapshots.set(id, "gone");
      // Without a listing nothing is known to be gone.
      else snapshots.set(id, known);
    }
    for (const [id, snapshot] of snapshots) this.#track(id, snapshot);
    for (const [id, entry] of this.#tracked) {
      // The listing's record would send again what is settled.
      if (!this.#isNewerThanListing(entry)) entry.stored.set(records.get(id) ?? {});
    }
    for (const [id, snapshot] of snapshots) {
      this.update(id, snapshot);
      this.#track(id, snapshot).isMissing = missing.has(id);
    }
    // They were reconciled before their records were known.
    for (const id of touched) this.#queue.add(id);
    this.#isListing = false;
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
    this.#queue.add(next);
  }

  #maySend(id: string): boolean {
    return !this.deps.breaker.isPaused &&
      (this.#inFlight.has(id) || this.#inFlight.size < MAX_IN_FLIGHT_REQUESTS);
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
    if (entry === undefined) return this.#resumeNext();
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
    this.#inFlight.delete(id);
    this.#resumeNext();
  }

  async #tryReconcile(id: string, entry: TrackedRequest): Promise<Next> {
    try {
      const next = await this.#reconcile(id, entry);
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
      return { next: "at", atMs: this.#retryAtMs(entry) };
    }
  }

  /** When a request that failed is reconciled again; later if only an operator can help. */
  #retryAtMs(entry: TrackedRequest): number {
    const { clock, random } = this.deps;
    const failures = ++entry.failures + (entry.stored.refusal === undefined ? 0 : REFUSAL_PENALTY);
    return clock.now() + retryDelayMs(failures, random);
  }

  async #reconcile(id: string, entry: TrackedRequest): Promise<Next> {
    const { clock, random, kill, instance, drain, router, requesters } = this.deps;
    const { stored, retries, requestLog } = entry;
    const backoff = new DecorrelatedBackoff(20, 1000, random);
    let routed: { readonly request: Snapshot; readonly recipients: readonly string[] } | undefined;
    let asked: { readonly user: string; readonly address: string | undefined } | undefined;
    let confirmed: Snapshot | undefined;
    let refuted: Snapshot | undefined;
    while (!drain.aborted) {
      entry.expire();
      const { outdated, effectiveSnapshot } = entry;
      const done: Next = { next: "done", snapshot: entry.snapshot };
      const snapshot = effectiveSnapshot === refuted ? "gone" : effectiveSnapshot;
      requestLog.problems(stored.problems);
      const before = stored.record && settle(stored.record, entry.unsettled);
      const input = this.#planInput(entry, snapshot, before);
      const request = typeof snapshot === "object" ? snapshot : undefined;
      if (request && confirmed !== request && isReopened(before, request, input.nowMs)) {
        // What was deleted, as an event or a complete listing told, is not opened again.
        confirmed = entry.snapshot === "gone" ? undefined : await this.#confirm(entry, request);
        if (confirmed === undefined) refuted = request;
        continue;
      }
      if (request && routed?.request !== request && needsRecipients(input)) {
        const decision = await router.route(request, drain);
        requestLog.routed(decision);
        routed = { request, recipients: decision.recipients };
        // Snapshot and record may have changed meanwhile.
        continue;
      }
      const recipients = routed?.recipients ?? [];
      const user = request?.user ?? before?.user ?? "";
      if (requesters && asked?.user !== user && needsRequester({ ...input, recipients })) {
        asked = { user, address: await requesters.addressOf(user, id, drain) };
        continue;
      }
      const planned = plan({ ...input, recipients, ...defined({ requester: asked?.address }) });
      if (planned.record === undefined) {
        const isOver = planned.ignored === "gone" || planned.ignored === "resolved";
        if (stored.isKnown || !isOver) {
          requestLog.ignored(planned.ignored, entry.snapshot);
          return done;
        }
        // Another replica may already have notified someone.
        await stored.load(kill);
        continue;
      }

      const nowMs = clock.now();
      const { queuesByRecipient, nextMs } = dueMails(
        planned.record.owed,
        retries,
        nowMs,
        ({ kind }) => !isReview(kind) || snapshot !== "unlisted",
      );
      const leaseEndMs = foreignLeaseEndMs(before?.owner, instance, nowMs);
      const isForeign = leaseEndMs !== undefined && planned.record.owed.length > 0;
      const changed = stored.differsFrom({ ...planned.record, ...ownerOf(before) });
      // What was to be settled is in the record already.
      if (!changed) entry.unsettled = [];
      if (isForeign && entry.unsettled.length === 0) {
        return { next: "at", atMs: leaseEndMs + random() * LEASE_GRACE_MS };
      }
      // A record that could not be written has to be writable before anything is sent.
      const isDue = queuesByRecipient.length > 0 && !isForeign;
      const isBlocked = isDue && stored.refusal !== undefined;
      const send = isDue && !isBlocked && this.#maySend(id);
      if (send) {
        this.#inFlight.add(id);
        this.#parked.delete(id);
      }
      if (changed || isBlocked || (send && !holdsLease(before?.owner, instance, nowMs))) {
        const takeLease = send || (isBlocked && !changed);
        // An overtaken replica settles what it sent, and nothing more.
        const next = isForeign && before !== undefined
          ? before
          : withLease(planned.record, takeLease ? instance : undefined, nowMs);
        const outcome = await stored.write(retries.withAttempts(next), kill);
        if (outcome === "missing") {
          requestLog.recordDeleted(before?.owed ?? []);
          stored.set({});
          entry.unsettled = [];
          return done;
        }
        if (outcome === "conflict") {
          await pause(clock, backoff.next(), drain);
          await stored.load(kill);
          continue;
        }
        entry.unsettled = [];
        if (before !== undefined) {
          requestLog.superseded(supersededMails(before, next));
          if (next.reopened > before.reopened) requestLog.reopened();
        }
        if (isBlocked || isForeign) continue;
      }
      if (!send) {
        retries.keepOnly(stored.record?.owed ?? []);
        if (queuesByRecipient.length > 0) return { next: "parked" };
        return nextMs === undefined ? done : { next: "at", atMs: nextMs };
      }
      const turn = queuesByRecipient.slice(0, RECIPIENTS_PER_RUN);
      const { lastKnown } = entry;
      entry.unsettled = await dispatch(
        { id, snapshot, lastKnown, stored, retries, requestLog, queuesByRecipient: turn, outdated },
        this.#dispatchDeps(),
      );
      if (entry.unsettled.length > 0 || stored.refusal !== undefined) {
        return { next: "at", atMs: this.#retryAtMs(entry) };
      }
      if (turn.length < queuesByRecipient.length) return { next: "again" };
    }
    return { next: "stopped" };
  }

  /**
   * A request that the record calls expired was seen: a late event of a request that is gone, or a false
   * end? Returns the request as it is if it exists, else undefined.
   */
  async #confirm(entry: TrackedRequest, seen: AccessRequest): Promise<Snapshot | undefined> {
    const { cluster, drain } = this.deps;
    const found = await cluster.findRequest(entry.id, drain);
    // An event has come meanwhile, which may tell more.
    if (entry.effectiveSnapshot !== seen) return seen;
    if (typeof found === "object") {
      entry.refresh(found);
      return entry.effectiveSnapshot;
    }
    if (found === undefined) return seen;
    // A role that may not list sees other users' requests as absent: then only the event counts.
    const { right } = await listingRight(cluster, drain);
    return right === "granted" ? undefined : seen;
  }

  /** Whether the record would change if its request were gone. */
  #wouldClose(record: PluginRecord, nowMs: number): boolean {
    const gone: PlanInput = { snapshot: "gone", record, recipients: [], nowMs, catchUpMs: 0 };
    const isRequesterMailed = this.deps.requesters !== undefined && needsRequester(gone);
    return isRequesterMailed || plan(gone).record !== record;
  }

  #planInput(
    entry: TrackedRequest,
    snapshot: Snapshot,
    record: PluginRecord | undefined,
  ): Omit<PlanInput, "recipients" | "requester"> {
    const { catchUpMs } = this.deps.policy;
    return { snapshot, record, nowMs: entry.changedAtMs, catchUpMs };
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

  #dispatchDeps(): DispatchDeps {
    const { clock, random, log, instance, semaphore, breaker, mailer, observer } = this.deps;
    const { drain, kill, policy: { retryForMs } } = this.deps;
    return {
      clock,
      random,
      log,
      instance,
      semaphore,
      breaker,
      mailer,
      observer,
      retryForMs,
      writeFailures: this.#writeFailures,
      drain,
      kill,
    };
  }
}

function ownerOf(record: PluginRecord | undefined): Pick<PluginRecord, "owner"> {
  return record?.owner === undefined ? {} : { owner: record.owner };
}
