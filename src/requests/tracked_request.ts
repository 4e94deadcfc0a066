/** All that is known of one request. */

import type { Runtime } from "../runtime.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { Observer } from "./observer.ts";
import type { FailedMail, OwedMail } from "./record/outbox.ts";
import type { Snapshot } from "./plan.ts";
import type { Cluster } from "./ports.ts";
import { RequestLog } from "./request_log.ts";
import { type LastAttempt, Retries } from "./delivery/retries.ts";
import { StoredRecord } from "./record/stored_record.ts";

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

export class TrackedRequest {
  readonly stored: StoredRecord;
  readonly retries: Retries;
  readonly requestLog: RequestLog;
  /** Looks in a row that failed. */
  failures = 0;
  /** The record's version when the listing under way began. */
  versionBeforeListing = 0;
  /** When the snapshot came. */
  changedAtMs: number;
  #outdated = new AbortController();
  /** What the request was when it was decided, for when it goes before that was told. */
  #decided: AccessRequest | undefined;

  constructor(
    readonly id: string,
    public snapshot: Snapshot,
    private readonly deps: TrackedRequestDeps,
  ) {
    this.stored = new StoredRecord(id, deps.cluster, deps.observer);
    this.retries = new Retries(deps.random);
    this.requestLog = new RequestLog(id, deps.log, deps.observer);
    this.changedAtMs = deps.clock.now();
  }

  /** Aborted when a newer snapshot arrives. */
  get outdated(): AbortSignal {
    return this.#outdated.signal;
  }

  update(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    if (snapshot !== "gone" && isDecided(snapshot)) this.#decided = snapshot;
    this.changedAtMs = this.deps.clock.now();
    this.#outdated.abort();
    this.#outdated = new AbortController();
  }

  /** The snapshot; of a request that was decided and deleted, which has not expired, the decision. */
  get effectiveSnapshot(): Snapshot {
    return this.snapshot === "gone" ? this.#decided ?? this.snapshot : this.snapshot;
  }

  /** Undefined when nothing is owed and nothing was given up. */
  get outbox(): RequestOutbox | undefined {
    const { record } = this.stored;
    if (record === undefined || record.owed.length + record.failed.length === 0) return undefined;
    const owed = record.owed.map((mail) => ({ ...mail, ...this.retries.stateOf(mail) }));
    return { id: this.id, owed, failed: record.failed };
  }
}

function isDecided({ state }: AccessRequest): boolean {
  return state === "APPROVED" || state === "DENIED" || state === "PROMOTED";
}
