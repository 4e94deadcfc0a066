/**
 * The writing side of sending the mails of one request: takes accepted and refused mails out of its
 * record, and keeps the lease (docs/internals/delivery.md). What was accepted is written down as
 * soon as no more of the request's mails are just about to be accepted, too: three recipients then
 * cost one write instead of three.
 */

import { DecorrelatedBackoff } from "../../backoff.ts";
import { pause } from "../../clock.ts";
import type { Runtime } from "../../runtime.ts";
import { foreignLeaseEndMs, holdsLease, LEASE_MS, withLease } from "../record/lease.ts";
import { type Outcome, settle } from "./outcome.ts";
import { isSameMail, type OwedMail } from "../record/outbox.ts";
import type { PluginRecord } from "../record/record.ts";
import type { RequestLog } from "../request_log.ts";
import type { FailureLog } from "../failure_log.ts";
import type { Retries } from "./retries.ts";
import { isWriteRefused, type StoredRecord } from "../record/stored_record.ts";

/** How long an accepted mail may wait for others of its request to be settled with it. */
const LINGER_MS = 200;
/** The same while one of the others waits for its turn, which may be long in coming. */
const LINGER_FOR_TURN_MS = 50;

/** What the sending side is doing. */
export interface Activity {
  /** Recipients that are not done yet. */
  readonly active: number;
  /** Recipients whose next mail waits for its turn. */
  readonly waiting: number;
  /** Mails on their way. */
  readonly sending: number;
}

export interface SettlementDeps extends Runtime {
  readonly instance: string;
  readonly requestLog: Pick<RequestLog, "recordDeleted" | "unrecorded">;
  readonly writeFailures: Pick<FailureLog, "failed" | "succeeded">;
  /** Whether more mails are going to be sent soon, so that a write should keep the lease. */
  readonly keepLease: () => boolean;
  /** Aborted when the grace period is over: writes end. */
  readonly kill: AbortSignal;
}

/**
 * What the settlement may do with the lease:
 * - `held`: mails may leave, as long as the record names us and the clock allows it
 * - `releasing`: a write that releases the lease is under way, or went unanswered
 * - `unwritable`: the last write failed; what is sent now could not be recorded either
 * - `overtaken`: another replica has the lease, or the record is gone
 */
type LeaseState = "held" | "releasing" | "unwritable" | "overtaken";

export class Settlement {
  readonly #unsettled: Outcome[] = [];
  #oldestMs = 0;
  #lease: LeaseState = "held";
  /** The record cannot be written now: what is unsettled is left to the next reconcile. */
  #hasLeft = false;
  /** Ends the wait of `run()`; undefined while it does not wait. */
  #resume: (() => void) | undefined;
  /** When `run()` looks again, in milliseconds since 1970, unless something happens before. */
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly id: string,
    private readonly stored: StoredRecord,
    private readonly retries: Retries,
    private readonly activity: () => Activity,
    private readonly deps: SettlementDeps,
  ) {}

  /** What became of mails and could not be written down. */
  get unsettled(): readonly Outcome[] {
    return this.#unsettled;
  }

  /** Takes the lease again if it has expired while a mail waited. */
  async takeLease(): Promise<void> {
    if (this.#lease === "unwritable" || this.#lease === "overtaken" || this.#holdsLease()) return;
    await this.#exclusive(async () => {
      if (!this.#holdsLease()) await this.#write();
    });
  }

  /**
   * Whether the mail may be sent now. Call it immediately before sending: a write that starts in between
   * can release the lease.
   */
  maySend(mail: OwedMail): boolean {
    return this.#holdsLease() && this.#isOwed(mail);
  }

  /**
   * Whether a mail that was handed over may still leave. Its lease was renewed meanwhile, unless this
   * process hung or could not write for so long that another replica may have taken over.
   */
  mayStart(mail: OwedMail): boolean {
    return this.#isLeaseGood() && this.#isOwed(mail);
  }

  #isOwed(mail: OwedMail): boolean {
    return this.stored.record?.owed.some((other) => isSameMail(other, mail)) ?? false;
  }

  add(outcome: Outcome): void {
    if (this.#unsettled.length === 0) this.#oldestMs = outcome.atMs;
    this.#unsettled.push(outcome);
    this.wake();
  }

  /** To be called when the activity has changed. */
  wake(): void {
    if (this.#resume === undefined) return;
    const waitMs = this.#isOver() ? 0 : this.#msUntilWrite();
    if (waitMs > 0) return this.#lookIn(waitMs);
    this.#resume();
    this.#resume = undefined;
  }

  /**
   * Writes outcomes and renews the lease until nothing is active and nothing unsettled. When the record
   * cannot be written it only waits for the mails in flight: the request must not keep its place.
   */
  async run(): Promise<void> {
    while (!this.#isOver()) {
      if (this.#msUntilWrite() > 0) await this.#rest();
      else await this.#exclusive(() => this.#write());
    }
    this.#timer?.cancel();
  }

  #isOver(): boolean {
    return this.activity().active === 0 && (this.#unsettled.length === 0 || this.#hasLeft);
  }

  /** 0 when a write is due, for outcomes or for the lease; Infinity when none is in sight. */
  #msUntilWrite(): number {
    if (this.#hasLeft) return Infinity;
    const { active, waiting, sending } = this.activity();
    const nowMs = this.deps.clock.now();
    const settleMs = this.#unsettled.length === 0
      ? Infinity
      : active > 0
      ? this.#oldestMs + (waiting > 0 ? LINGER_FOR_TURN_MS : LINGER_MS) - nowMs
      : 0;
    const renewMs = sending > 0 && this.#holdsLease()
      ? (this.stored.record?.owner?.untilMs ?? 0) - LEASE_MS / 2 - nowMs
      : Infinity;
    return Math.max(0, Math.min(settleMs, renewMs));
  }

  /** Waits until a write is due, or nothing is left to wait for. */
  #rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.wake();
    });
  }

  /** Looks again after `ms` at the latest. An earlier timer stays: most are outrun by what happens. */
  #lookIn(ms: number): void {
    const { clock } = this.deps;
    const atMs = clock.now() + ms;
    if (atMs >= (this.#timer?.atMs ?? Infinity)) return;
    this.#timer?.cancel();
    const look = () => {
      this.#timer = undefined;
      this.wake();
    };
    this.#timer = { atMs, cancel: clock.after(ms, look) };
  }

  /** One write at a time; each takes all outcomes there are when it starts. */
  #exclusive(action: () => Promise<void>): Promise<void> {
    const result = this.#writes.then(action);
    this.#writes = result.catch(() => {});
    return result;
  }

  async #write(): Promise<void> {
    const backoff = new DecorrelatedBackoff(20, 5000, this.deps.random);
    for (;;) {
      try {
        const isDone = await this.#writeOnce();
        this.deps.writeFailures.succeeded(this.id);
        if (isDone) return;
      } catch (error) {
        this.deps.writeFailures.failed(this.id, error);
        if (isWriteRefused(error) || !this.#isLeaseGood()) this.#hasLeft = true;
        if (this.#lease !== "overtaken") this.#lease = "unwritable";
        if (this.#hasLeft) return;
      }
      await pause(this.deps.clock, backoff.next(), this.deps.kill);
      if (this.deps.kill.aborted) return this.#giveUp("the program is stopping");
    }
  }

  /** Returns whether there is nothing left to write. */
  async #writeOnce(): Promise<boolean> {
    const record = this.stored.record;
    if (record === undefined) {
      this.#giveUp("the plugin data is gone");
      return true;
    }
    const outcomes = [...this.#unsettled];
    const next = this.#leased(settle(record, outcomes));
    if (!this.stored.differsFrom(next)) {
      this.#settled(outcomes);
      return true;
    }
    if (next.owner === undefined && this.#lease === "held") this.#lease = "releasing";
    switch (await this.stored.write(this.retries.withAttempts(next), this.deps.kill)) {
      case "written":
        this.#settled(outcomes);
        return true;
      case "missing":
        this.#giveUp("the request and its plugin data are gone");
        this.deps.requestLog.recordDeleted(next.owed);
        // What was known would have the same mails sent again.
        this.stored.set({});
        return true;
      case "conflict":
        await this.stored.load(this.deps.kill);
        this.#lease = this.#isForeign() ? "overtaken" : "held";
        return false;
    }
  }

  /** Another replica's lease stays, as long as mails are owed. */
  #leased(record: PluginRecord): PluginRecord {
    if (this.#isForeign() && record.owed.length > 0) return record;
    const keep = this.deps.keepLease() || this.activity().sending > 0;
    return withLease(record, keep ? this.deps.instance : undefined, this.deps.clock.now());
  }

  #isForeign(): boolean {
    const { instance, clock } = this.deps;
    return foreignLeaseEndMs(this.stored.record?.owner, instance, clock.now()) !== undefined;
  }

  #holdsLease(): boolean {
    return this.#lease === "held" && this.#isLeaseGood();
  }

  /** Whether the record names us, for long enough to send. */
  #isLeaseGood(): boolean {
    const { instance, clock } = this.deps;
    return holdsLease(this.stored.record?.owner, instance, clock.now());
  }

  #settled(outcomes: readonly Outcome[]): void {
    if (this.#lease !== "overtaken") this.#lease = "held";
    this.#unsettled.splice(0, outcomes.length);
    this.#oldestMs = this.#unsettled[0]?.atMs ?? 0;
  }

  /** Nothing more can be written: mails that were sent and not settled may be sent again. */
  #giveUp(reason: string): void {
    this.#lease = "overtaken";
    if (this.#unsettled.length > 0) {
      this.deps.requestLog.unrecorded(this.#unsettled.length, reason);
    }
    this.#unsettled.length = 0;
  }
}
