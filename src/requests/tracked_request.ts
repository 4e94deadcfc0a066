/** The cache entry of one request: latest snapshot, record, and what was tried. */

import { retryDelayMs } from "../backoff.ts";
import type { Runtime } from "../runtime.ts";
import { type AccessRequest, expiryOf } from "../teleport/access_request/read.ts";
import type { Observer } from "./observer.ts";
import type { FailedMail, OwedMail } from "./record/outbox.ts";
import { isDecided, type Snapshot } from "./plan.ts";
import type { Cluster } from "./ports.ts";
import type { PluginRecord } from "./record/record.ts";
import { RequestLog } from "./request_log.ts";
import type { Outcome } from "./delivery/outcome.ts";
import { type LastAttempt, Retries } from "./delivery/retries.ts";
import { StoredRecord, type WriteRefusal } from "./record/stored_record.ts";

export interface TrackedRequestDeps extends Runtime {
  readonly cluster: Cluster;
  readonly observer: Observer;
}

/** What one request owes. */
export interface RequestOutbox {
  readonly id: string;
  /** With the error of the last attempt, if there was one in this process. */
  readonly owed: readonly (OwedMail & LastAttempt)[];
  readonly failed: readonly FailedMail[];
}

/** How many mails all requests owe or have failed to deliver. */
export interface OutboxCounts {
  readonly pending: number;
  readonly failed: number;
  /** Since when the mail that has waited longest is pending; undefined when none is. */
  readonly oldestMs: number | undefined;
}

/** A request whose record the cluster refuses to change: none of its mails is sent. */
export interface UnwritableRequest extends WriteRefusal {
  readonly id: string;
}

/** A refused write is retried as if it had failed that much more often: first after some seconds. */
const REFUSAL_PENALTY = 3;

/** Clocks differ: a missing request counts as gone this long after its expiry by our clock. */
const EXPIRY_GRACE_MS = 5_000;

/** When a missing request is gone for certain; undefined when its expiry is not known. */
export function goneAtMs(
  snapshot: Snapshot | undefined,
  record: PluginRecord | undefined,
): number | undefined {
  const expiresMs = typeof snapshot === "object" ? expiryOf(snapshot) : record?.expiresMs;
  return expiresMs === undefined ? undefined : expiresMs + EXPIRY_GRACE_MS;
}

export class TrackedRequest {
  readonly stored: StoredRecord;
  readonly retries: Retries;
  readonly requestLog: RequestLog;
  /** Reconciles in a row that failed. */
  failures = 0;
  /** What became of mails that were sent and could not be recorded yet. */
  unsettled: readonly Outcome[] = [];
  /** The last listing should have had the request and did not; it may exist all the same. */
  isMissing = false;
  /** An operator may have changed the record: it is read before the next reconcile. */
  isRecordStale = false;
  /** The record's version when the listing under way began. */
  versionBeforeListing = 0;
  /** The record's version when the snapshot came. */
  #versionBeforeSnapshot = 0;
  /** When the snapshot came, in milliseconds since 1970. */
  changedAtMs: number;
  /** When the request was first seen, in milliseconds since 1970. */
  readonly trackedSinceMs: number;
  #outdated = new AbortController();
  /** The request with its decision, for when it is deleted before that was sent. */
  #decided: AccessRequest | undefined;
  /** What mails about a request that is gone can still tell. */
  #lastKnown: AccessRequest | undefined;

  constructor(
    readonly id: string,
    public snapshot: Snapshot,
    private readonly deps: TrackedRequestDeps,
  ) {
    this.stored = new StoredRecord(id, deps.cluster, deps.clock, deps.observer);
    this.retries = new Retries(deps.random);
    this.requestLog = new RequestLog(id, deps.log, deps.observer);
    this.changedAtMs = this.trackedSinceMs = deps.clock.now();
    this.refresh(snapshot);
  }

  /** Aborted when a newer snapshot arrives. */
  get outdated(): AbortSignal {
    return this.#outdated.signal;
  }

  update(snapshot: Snapshot): void {
    this.isMissing = false;
    this.#versionBeforeSnapshot = this.stored.version;
    this.refresh(snapshot);
    this.changedAtMs = this.deps.clock.now();
    // With a reason: the one that `abort()` makes has a stack trace.
    this.#outdated.abort("outdated");
    this.#outdated = new AbortController();
  }

  /** Takes a snapshot from the same listing as the record. */
  updateWithRecord(snapshot: Snapshot): void {
    this.update(snapshot);
    this.#versionBeforeSnapshot = -1;
  }

  /** Whether the record was read or written since the snapshot came, or listed with it. */
  get isRecordCurrent(): boolean {
    return this.stored.isKnown && this.stored.version > this.#versionBeforeSnapshot;
  }

  /** Takes a snapshot that tells the same news as the one before. */
  refresh(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    if (typeof snapshot !== "object") return;
    this.#lastKnown = snapshot;
    if (isDecided(snapshot)) this.#decided = snapshot;
  }

  /** When a missing request is gone for certain; undefined when it is not missing, or at no known time. */
  get goneAtMs(): number | undefined {
    return this.isMissing ? goneAtMs(this.snapshot, this.stored.record) : undefined;
  }

  /**
   * Reads a stale record again.
   *
   * @throws {ClusterError} when it cannot be read; it stays stale
   */
  async refreshRecord(signal: AbortSignal): Promise<void> {
    if (!this.isRecordStale) return;
    this.isRecordStale = false;
    try {
      await this.stored.load(signal);
    } catch (error) {
      this.isRecordStale = true;
      throw error;
    }
  }

  /** Takes a missing request for gone when it is past its expiry. */
  expire(): void {
    if (this.deps.clock.now() >= (this.goneAtMs ?? Infinity)) this.update("gone");
  }

  /** The request as it was last seen; undefined when it never was. */
  get lastKnown(): AccessRequest | undefined {
    return this.#lastKnown;
  }

  /** Whether its decision was seen, which outlives the request. */
  get isDecided(): boolean {
    return this.#decided !== undefined;
  }

  /** The snapshot; of a request that was decided and deleted, which has not expired, the decision. */
  get effectiveSnapshot(): Snapshot {
    return this.snapshot === "gone" ? this.#decided ?? this.snapshot : this.snapshot;
  }

  /** Counts a reconcile that failed; returns when the next one is due, later if only an operator can help. */
  failed(): number {
    const { clock, random } = this.deps;
    const penalty = this.stored.refusal === undefined ? 0 : REFUSAL_PENALTY;
    return clock.now() + retryDelayMs(++this.failures + penalty, random);
  }

  /** Undefined when nothing is owed and nothing has failed. */
  get outbox(): RequestOutbox | undefined {
    const { record } = this.stored;
    if (record === undefined || record.owed.length + record.failed.length === 0) return undefined;
    const owed = record.owed.map((mail) => ({ ...mail, ...this.retries.stateOf(mail) }));
    return { id: this.id, owed, failed: record.failed };
  }
}
