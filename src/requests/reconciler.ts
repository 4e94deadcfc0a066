/**
 * Brings every access request to where it should be: its latest snapshot and its record are looked
 * at, the plan is written down, and what is owed is sent (docs/internals/delivery.md). It reacts to
 * states, never to events: whatever happened while it was busy or away is part of the next look.
 */

import { DecorrelatedBackoff, retryDelayMs } from "../backoff.ts";
import { pause } from "../clock.ts";
import type { Runtime } from "../runtime.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { dispatch, type DispatchDeps } from "./delivery/dispatch.ts";
import { type RequestOutbox, TrackedRequest } from "./tracked_request.ts";
import type { CircuitBreaker } from "./delivery/circuit_breaker.ts";
import { foreignLeaseEndMs, holdsLease, LEASE_GRACE_MS, withLease } from "./record/lease.ts";
import type { Mailer } from "./delivery/mailer.ts";
import type { Observer } from "./observer.ts";
import { type Ignored, plan, type Snapshot, supersededMails } from "./plan.ts";
import type { Cluster } from "./ports.ts";
import { type RecipientRules, recipientsOf } from "../routing/recipients.ts";
import type { PluginRecord, RawRecord } from "./record/record.ts";
import { FailureLog } from "./failure_log.ts";
import { dueMails } from "./delivery/retries.ts";
import type { FairSemaphore } from "./delivery/fair_semaphore.ts";
import { WorkQueue } from "./work_queue.ts";

/** Requests whose mails leave at once; more would take leases long before their mails can leave. */
const MAX_IN_FLIGHT_REQUESTS = 32;
/** Requests worked on at once: however slowly mails leave, what others owe is written down. */
const MAX_CONCURRENT_RECONCILES = 2 * MAX_IN_FLIGHT_REQUESTS;
/** Recipients of one request that are served before others have their turn. */
const RECIPIENTS_PER_RUN = 32;

export interface ReconcilerPolicy extends RecipientRules {
  readonly catchUpMs: number;
  readonly retryForMs: number;
  readonly notifyRequester: boolean;
}

export interface ReconcilerDeps extends Runtime {
  readonly cluster: Cluster;
  readonly mailer: Mailer;
  readonly semaphore: FairSemaphore;
  readonly breaker: CircuitBreaker;
  readonly observer: Observer;
  /** Names this process in leases; without blanks, different for every start. */
  readonly instance: string;
  readonly policy: ReconcilerPolicy;
  /** No more mails leave, leases are given back; mails on their way are finished. */
  readonly drain: AbortSignal;
  /** What is still on its way is cut off. */
  readonly kill: AbortSignal;
}

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
   * Everything there is, after the watch has (re)started: `touched` are the requests that events told of
   * since, which are newer than the listing. Requests that are known or recorded but no longer listed
   * are gone; `requests` is undefined when the server cannot list.
   */
  replace(
    requests: readonly AccessRequest[] | undefined,
    records: ReadonlyMap<string, RawRecord>,
    touched: ReadonlySet<string>,
  ): void {
    const latest = new Map<string, Snapshot>(requests?.map((request) => [request.id, request]));
    // Without a listing nobody knows what is gone; what is known is looked at again.
    const others = requests === undefined
      ? new Map([...this.#tracked].map(([id, { snapshot }]) => [id, snapshot]))
      : new Map([...this.#tracked.keys(), ...records.keys()].map((id) => [id, "gone" as const]));
    const snapshots = [...new Map<string, Snapshot>([...others, ...latest])]
      .filter(([id]) => !touched.has(id));
    for (const [id, snapshot] of snapshots) this.#track(id, snapshot);
    for (const [id, entry] of this.#tracked) {
      // A record that was written since is newer than the listing: taking the listing's word would
      // send again what is settled.
      const isNewer = entry.stored.version !== entry.versionBeforeListing;
      if (!isNewer) entry.stored.set(records.get(id) ?? {});
    }
    for (const [id, snapshot] of snapshots) this.update(id, snapshot);
    // They were looked at before their records were known.
    for (const id of touched) this.#queue.add(id);
    this.#isListing = false;
  }

  /** The transport can send again. */
  resumeParked(): void {
    const ids = [...this.#parked];
    // First of all: some have no turn, and come to rest again at once.
    this.#parked.clear();
    for (const id of ids) this.#queue.add(id);
  }

  /** Requests that wait for their turn or are worked on. */
  get queueDepth(): number {
    return this.#queue.depth + (this.deps.breaker.isPaused ? 0 : this.#parked.size);
  }

  /** Whoever ends makes room for the next; also for one that came to rest when there was room again. */
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

  /** Ends work, after `deps.drain` was aborted; mails on their way are waited for. */
  async drain(): Promise<void> {
    await this.#queue.drain();
    await Promise.all([...this.#tracked.values()].map((entry) => this.#giveLeaseBack(entry)));
  }

  #track(id: string, snapshot: Snapshot): TrackedRequest {
    let entry = this.#tracked.get(id);
    if (entry === undefined) {
      entry = new TrackedRequest(id, snapshot, this.deps);
      this.#tracked.set(id, entry);
    }
    return entry;
  }

  /** One look at one request. Never rejects: a failure means another look later. */
  async #work(id: string): Promise<void> {
    const entry = this.#tracked.get(id);
    if (entry === undefined) return this.#resumeNext();
    try {
      await this.#reconcile(id, entry);
      entry.failures = 0;
      this.#failures.succeeded(id);
    } catch (error) {
      if (this.deps.drain.aborted) return;
      const { clock, random } = this.deps;
      this.#failures.failed(id, error);
      this.#queue.addAt(id, clock.now() + retryDelayMs(++entry.failures, random));
    } finally {
      this.deps.observer.reconciled();
      this.#inFlight.delete(id);
      this.#resumeNext();
    }
  }

  async #reconcile(id: string, entry: TrackedRequest): Promise<void> {
    const { clock, random, kill, instance, drain } = this.deps;
    const backoff = new DecorrelatedBackoff(20, 1000, random);
    while (!drain.aborted) {
      const { stored, retries, outdated, requestLog } = entry;
      const snapshot = entry.effectiveSnapshot;
      requestLog.problems(stored.problems);
      const before = stored.record;
      const planned = plan(this.#planInput(entry, snapshot));
      if (planned.record === undefined) {
        const isOver = planned.ignored === "gone" || planned.ignored === "resolved";
        if (stored.isKnown || !isOver) return this.#leaveAlone(id, entry, planned.ignored);
        // Somebody may have been told of it by another replica.
        await stored.load(kill);
        continue;
      }

      const nowMs = clock.now();
      const { queuesByRecipient, nextMs } = dueMails(planned.record.owed, retries, nowMs);
      const leaseEndMs = foreignLeaseEndMs(before?.owner, instance, nowMs);
      if (leaseEndMs !== undefined && planned.record.owed.length > 0) {
        return this.#queue.addAt(id, leaseEndMs + random() * LEASE_GRACE_MS);
      }
      const send = queuesByRecipient.length > 0 && this.#maySend(id);
      if (send) {
        this.#inFlight.add(id);
        this.#parked.delete(id);
      }
      const changed = stored.differsFrom({ ...planned.record, ...ownerOf(before) });
      if (changed || (send && !holdsLease(before?.owner, instance, nowMs))) {
        const next = withLease(planned.record, send ? instance : undefined, nowMs);
        const outcome = await stored.write(retries.withAttempts(next), kill);
        if (outcome === "missing") return this.#recordDeleted(id, entry);
        if (outcome === "conflict") {
          await pause(clock, backoff.next(), drain);
          await stored.load(kill);
          continue;
        }
        if (before !== undefined) requestLog.superseded(supersededMails(before, planned.record));
      }
      if (!send) return this.#rest(id, entry, queuesByRecipient.length > 0, nextMs);
      const turn = queuesByRecipient.slice(0, RECIPIENTS_PER_RUN);
      await dispatch(
        { id, snapshot, stored, retries, requestLog, queuesByRecipient: turn, outdated },
        this.#dispatchDeps(),
      );
      if (turn.length < queuesByRecipient.length) return this.#queue.add(id);
    }
  }

  #planInput(entry: TrackedRequest, snapshot: Snapshot): Parameters<typeof plan>[0] {
    const { policy } = this.deps;
    const { stored } = entry;
    const user = snapshot === "gone" ? stored.record?.user ?? "" : snapshot.user;
    const wantsMail = policy.notifyRequester && policy.isAddress(user);
    return {
      snapshot,
      record: stored.record,
      recipients: snapshot === "gone" ? [] : this.#recipients(entry, snapshot),
      ...(wantsMail ? { requester: user } : {}),
      nowMs: entry.changedAtMs,
      catchUpMs: policy.catchUpMs,
    };
  }

  #recipients(entry: TrackedRequest, request: AccessRequest): readonly string[] {
    const { addresses, complaints } = recipientsOf(request, this.deps.policy);
    if (request.state === "PENDING") entry.requestLog.unreachable(complaints);
    return addresses;
  }

  /** What is left has to wait: for its time, for the transport, or for nothing. */
  #rest(id: string, entry: TrackedRequest, isDue: boolean, nextMs: number | undefined): void {
    const owed = entry.stored.record?.owed ?? [];
    entry.retries.keepOnly(owed);
    if (nextMs !== undefined) this.#queue.addAt(id, nextMs);
    if (isDue) this.#parked.add(id);
    if (owed.length === 0) this.#forgetIfGone(id, entry);
  }

  #leaveAlone(id: string, entry: TrackedRequest, ignored: Ignored): void {
    entry.requestLog.ignored(ignored, entry.snapshot);
    this.#forgetIfGone(id, entry);
  }

  #recordDeleted(id: string, entry: TrackedRequest): void {
    entry.requestLog.recordDeleted(entry.stored.record?.owed ?? []);
    entry.stored.set({});
    this.#forgetIfGone(id, entry);
  }

  #forgetIfGone(id: string, entry: TrackedRequest): void {
    // While a listing is under way it stays: a record from before the last settlement would look new.
    if (entry.snapshot === "gone" && !this.#isListing) this.#tracked.delete(id);
  }

  /** Another replica can then go on at once. */
  async #giveLeaseBack({ stored }: TrackedRequest): Promise<void> {
    const { instance, clock, kill, log } = this.deps;
    const record = stored.record;
    if (record === undefined || !holdsLease(record.owner, instance, clock.now())) return;
    try {
      await stored.write(withLease(record, undefined, clock.now()), kill);
    } catch (error) {
      log.debug("Cannot give a lease back, it runs out by itself", { error });
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
