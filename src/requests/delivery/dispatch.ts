/**
 * Sends the owed mails of one request: recipients side by side, the mails of one recipient one after
 * another, each only while the lease is ours.
 */

import type { LogFields } from "../../log.ts";
import type { Refusal } from "../../mail/transport.ts";
import type { Runtime } from "../../runtime.ts";
import { exactTime } from "../../text.ts";
import type { AccessRequest } from "../../teleport/access_request/read.ts";
import type { CircuitBreaker } from "./circuit_breaker.ts";
import type { BatchWords, Mailer } from "./mailer.ts";
import { loggedMail } from "./logged_mail.ts";
import type { Observer } from "../observer.ts";
import { abandonedWith, type Outcome } from "./outcome.ts";
import { mailKey, type OwedMail } from "../record/outbox.ts";
import type { Snapshot } from "../plan.ts";
import type { RequestLog } from "../request_log.ts";
import type { FailureLog } from "../failure_log.ts";
import type { Retries } from "./retries.ts";
import { type Activity, Settlement } from "./settlement.ts";
import type { FairSemaphore } from "./fair_semaphore.ts";
import type { StoredRecord } from "../record/stored_record.ts";

/**
 * About ten minutes of retries. A mail that waited out an outage is not dropped at its first refusal:
 * greylisting servers always refuse the first attempt.
 */
const LEAST_ATTEMPTS = 12;

/** A mail that finds no connection so often waits with the transport. */
const MAX_TRIES_FOR_CONNECTION = 20;

/** `waits`: it was not sent, or refused; `again`: it only found no connection. */
type SendOutcome = "accepted" | "waits" | "again";

export interface DispatchDeps extends Runtime {
  readonly instance: string;
  readonly semaphore: FairSemaphore;
  readonly breaker: CircuitBreaker;
  readonly mailer: Mailer;
  readonly observer: Observer;
  readonly writeFailures: FailureLog;
  /** How long a mail may be owed before a further refusal ends it, if it was tried often enough. */
  readonly retryForMs: number;
  /** The program stops: no further mail leaves, leases are released. */
  readonly drain: AbortSignal;
  /** The time to stop is up: mails on their way are cut off. */
  readonly kill: AbortSignal;
}

export interface DispatchJob {
  readonly id: string;
  readonly snapshot: Snapshot;
  /** The request as it was last seen, also when it is gone; undefined when it never was. */
  readonly lastKnown: AccessRequest | undefined;
  /** Holds a record whose lease is ours. */
  readonly stored: StoredRecord;
  readonly retries: Retries;
  readonly requestLog: RequestLog;
  /** The mails that are due, a list per recipient. */
  readonly queuesByRecipient: readonly (readonly OwedMail[])[];
  /** There is a newer snapshot: no further mail leaves. */
  readonly outdated: AbortSignal;
}

/** Resolves when every mail that left is settled, with the outcomes that could not be recorded. */
export async function dispatch(
  job: DispatchJob,
  deps: DispatchDeps,
): Promise<readonly Outcome[]> {
  const noMore = new AbortController();
  const onAbort = () => noMore.abort();
  const signals = [job.outdated, deps.drain, deps.kill];
  for (const signal of signals) signal.addEventListener("abort", onAbort);
  if (signals.some((signal) => signal.aborted)) noMore.abort();
  try {
    return await new Dispatch(job, deps, noMore.signal).run();
  } finally {
    for (const signal of signals) signal.removeEventListener("abort", onAbort);
  }
}

class Dispatch {
  readonly #activity: { -readonly [K in keyof Activity]: Activity[K] };
  readonly #settlement: Settlement;
  /** What the emails of this dispatch share. */
  readonly #words: BatchWords = new Map();

  constructor(
    private readonly job: DispatchJob,
    private readonly deps: DispatchDeps,
    /** Aborted when no further mail is to leave. */
    private readonly noMore: AbortSignal,
  ) {
    const activity = { active: job.queuesByRecipient.length, waiting: 0, sending: 0 };
    this.#activity = activity;
    this.#settlement = new Settlement(job.id, job.stored, job.retries, () => activity, {
      ...deps,
      requestLog: job.requestLog,
      keepLease: () => !deps.drain.aborted && !deps.breaker.isPaused,
    });
  }

  async run(): Promise<readonly Outcome[]> {
    // A fault of ours at one mail must not leave the others running unwatched.
    const results = await Promise.allSettled([
      ...this.job.queuesByRecipient.map((chain) => this.#serve(chain)),
      this.#settlement.run(),
    ]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    return this.#settlement.unsettled;
  }

  async #serve(chain: readonly OwedMail[]): Promise<void> {
    try {
      for (const mail of chain) if (!await this.#serveOne(mail)) break;
    } finally {
      this.#count("active", -1);
    }
  }

  /** Returns whether the recipient's next mail may follow. */
  async #serveOne(mail: OwedMail): Promise<boolean> {
    for (let tries = 1;; tries++) {
      const outcome = await this.#trySend(mail, tries);
      if (outcome !== "again") return outcome === "accepted";
    }
  }

  async #trySend(mail: OwedMail, tries: number): Promise<SendOutcome> {
    this.#count("waiting", 1);
    const release = await this.deps.semaphore.acquire(this.job.id, this.noMore);
    this.#count("waiting", -1);
    if (release === undefined) return "waits";
    try {
      if (this.deps.breaker.isPaused) return "waits";
      await this.#settlement.takeLease();
      // Nothing may be awaited between this check and the sending: a write could release the lease.
      if (this.noMore.aborted || this.deps.breaker.isPaused) return "waits";
      return this.#settlement.maySend(mail) ? await this.#send(mail, tries) : "waits";
    } finally {
      release();
    }
  }

  #count(what: keyof Activity, change: number): void {
    this.#activity[what] += change;
    this.#settlement.wake();
  }

  async #send(mail: OwedMail, tries: number): Promise<SendOutcome> {
    const { job, deps } = this;
    const record = job.stored.record;
    if (record === undefined) return "waits";
    const startMs = deps.clock.now();
    let isWithheld = false;
    const mayStart = () => {
      isWithheld = !this.#settlement.mayStart(mail);
      return !isWithheld;
    };
    this.#count("sending", 1);
    try {
      const ofBatch = { ...job, mail, record, batch: this.#words };
      const receipt = await deps.mailer.send(ofBatch, deps.kill, mayStart);
      const atMs = deps.clock.now();
      const attempt = { mail, messageId: receipt.messageId, atMs, tookMs: atMs - startMs };
      if (receipt.ok) return this.#accepted(attempt);
      if (isWithheld) return "waits";
      if (this.#goesSlower(receipt) && tries < MAX_TRIES_FOR_CONNECTION) {
        deps.observer.mailRefused(mail, receipt, attempt.tookMs);
        return "again";
      }
      return await this.#refused(attempt, receipt);
    } finally {
      // After the outcome is noted: a write between the two would release the lease.
      this.#count("sending", -1);
    }
  }

  /** Returns whether the mail only has to wait for a connection that other mails use. */
  #goesSlower({ pace: wish, error }: Refusal): boolean {
    const { semaphore } = this.deps;
    if (wish === "rate") semaphore.pace.slower(error);
    return wish === "connections" && semaphore.pace.fewerConnections(semaphore.inFlight, error);
  }

  #accepted(attempt: Attempt): "accepted" {
    const { job, deps } = this;
    const { mail, messageId, atMs } = attempt;
    // Before anything else: an acceptance that is not noted is sent again.
    this.#settlement.add({ type: "accepted", mail, messageId, atMs });
    deps.observer.mailAccepted(mail, attempt.tookMs, atMs - mail.sinceMs);
    deps.breaker.succeeded();
    deps.semaphore.pace.accepted();
    const { attempts } = job.retries.stateOf(mail);
    deps.log.info("Successfully sent", {
      ...this.#fields(attempt),
      timestamp: exactTime(atMs),
      ...attempts > 0 && { attempts: attempts + 1 },
    });
    return "accepted";
  }

  async #refused(attempt: Attempt, refusal: Refusal): Promise<"waits"> {
    const { mail, atMs } = attempt;
    const { log, breaker, observer, retryForMs } = this.deps;
    if (this.deps.kill.aborted) return "waits";
    observer.mailRefused(mail, refusal, attempt.tookMs);
    if (!await this.#isCausedByMail(mail, refusal)) {
      breaker.pause(refusal);
      return "waits";
    }
    const attempts = this.job.retries.failed(mail, atMs, refusal);
    const { error, category, remedy } = refusal;
    const fields = {
      ...this.#fields(attempt),
      error,
      category,
      ...remedy === undefined ? {} : { remedy },
      attempts,
    };
    const tooOld = atMs - mail.sinceMs >= retryForMs && attempts >= LEAST_ATTEMPTS;
    if (refusal.retry === "never" || tooOld) {
      log.error(tooOld ? "Mail dropped: retry period expired" : "Mail is refused", fields);
      for (const lost of abandonedWith(this.job.stored.record, mail)) {
        observer.mailDropped(lost, "failed");
        if (lost.kind !== mail.kind) {
          log.error("Review mail dropped with its first mail", loggedMail(this.job.id, lost));
        }
      }
      this.#settlement.add({ type: "failed", mail, error, atMs });
      return "waits";
    }
    // That mails go slower is reported once for all of them.
    const say = attempts === 1 && refusal.pace === undefined ? log.warn : log.debug;
    say.call(log, "Mail deferred, will retry", fields);
    return "waits";
  }

  /** Whether the refusal counts against the mail, and not against the transport. */
  async #isCausedByMail(mail: OwedMail, refusal: Refusal): Promise<boolean> {
    const { breaker } = this.deps;
    if (refusal.retry !== "transport") return !breaker.isCausedByTransport(refusal, mail.to);
    const hasAccepted = this.job.retries.transportFailedAt(mail, breaker.accepted);
    const cause = await breaker.causeOf(`${this.job.id}/${mailKey(mail)}`, refusal);
    return cause === "mail" || (hasAccepted && breaker.isCausedByThisMail());
  }

  #fields({ mail, messageId, tookMs }: Attempt): LogFields {
    return {
      ...loggedMail(this.job.id, mail),
      message_id: messageId,
      took_ms: Math.round(tookMs),
    };
  }
}

/** An attempt to send that has ended. */
interface Attempt {
  readonly mail: OwedMail;
  readonly messageId: string;
  readonly atMs: number;
  readonly tookMs: number;
}
