/**
 * Reminds owners of access lists whose members are due for review. A round claims the lists that are due
 * by compare-and-set of their plugin data, mails each owner once about all of them, and records who was
 * mailed. Several replicas share the lists; what a replica leaves behind is sent by another one.
 */

import { pause } from "../clock.ts";
import type { LogFields } from "../log.ts";
import type { MailMessage, MailTransport, Refusal } from "../mail/transport.ts";
import { defined } from "../optional.ts";
import type { CircuitBreaker } from "../requests/delivery/circuit_breaker.ts";
import type { FairSemaphore } from "../requests/delivery/fair_semaphore.ts";
import type { Loss } from "../requests/observer.ts";
import { foreignLeaseEndMs, holdsLease } from "../requests/record/lease.ts";
import type { Runtime } from "../runtime.ts";
import type { AccessList } from "../teleport/access_list.ts";
import { ClusterError } from "../teleport/errors.ts";
import {
  decodeListRecord,
  encodeListRecord,
  expectationOf,
  LEASE_MS,
  type ListRecord,
  type RawListRecord,
} from "./record.ts";
import { lastStepMs } from "./schedule.ts";

/** As Teleport's chat plugins do; steps are days apart. */
const ROUND_MS = 3 * 3_600_000;
/** After a round that had to leave something behind; twice as long after each further one. */
const SOON_MS = 5 * 60_000;
/** Other replicas may write the same record, but not so often. */
const SETTLE_ATTEMPTS = 5;

/** What the reminders need of the cluster; all methods reject with `ClusterError`. */
export interface AccessListCluster {
  /** Every list; `unsupported` on editions without them. */
  listAccessLists(signal: AbortSignal): Promise<readonly AccessList[]>;
  /** The user names of a list's owners, with those of lists that own it. */
  listAccessListOwners(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Our entry in the plugin data of every list, by name; `invalid` where lists have none. */
  listListRecords(signal: AbortSignal): Promise<ReadonlyMap<string, RawListRecord>>;
  /** The same of one list, empty when there is none. */
  readListRecord(name: string, signal: AbortSignal): Promise<RawListRecord>;
  /** Compare-and-set: sets the keys of `set` ("" deletes) if every key of `expect` holds. */
  writeListRecord(
    name: string,
    set: RawListRecord,
    expect: RawListRecord,
    signal: AbortSignal,
  ): Promise<"written" | "conflict" | "missing">;
}

/** Hooks through which the reminders report progress to metrics; they have to be quick and must not throw. */
export interface ReminderObserver {
  /** The server accepted a mail: `sendMs` after the attempt began, `sinceNewsMs` after its step. */
  mailAccepted(mail: typeof REVIEW_REMINDER, sendMs: number, sinceNewsMs: number): void;
  mailRefused(mail: typeof REVIEW_REMINDER, refusal: Refusal, sendMs: number): void;
  mailDropped(mail: typeof REVIEW_REMINDER, why: Loss): void;
}

export interface AccessListReviewsDeps extends Runtime {
  readonly cluster: AccessListCluster;
  /** The email address of a user; undefined when none is known. */
  readonly addressOf: (
    user: string,
    about: LogFields,
    signal: AbortSignal,
  ) => Promise<string | undefined>;
  /** The email to an owner about lists that are due, and the steps of their reminders. */
  readonly compose: (to: string, lists: readonly DueList[]) => MailMessage;
  readonly transport: Pick<MailTransport, "send">;
  readonly semaphore: Pick<FairSemaphore, "acquire" | "pace" | "inFlight">;
  readonly breaker: Pick<
    CircuitBreaker,
    "isPaused" | "pause" | "succeeded" | "causeOf" | "isCausedByTransport"
  >;
  readonly observer: ReminderObserver;
  /** The name of this process in leases. */
  readonly instance: string;
  /** Aborted to stop: no more mails leave, leases are released. */
  readonly drain: AbortSignal;
  /** Aborted to cut off what is still on its way. */
  readonly kill: AbortSignal;
}

/** A list whose owners are to be reminded. */
export interface DueList {
  readonly list: AccessList;
  readonly stepMs: number;
}

/** A due list whose lease is ours. */
interface Claim extends DueList {
  raw: RawListRecord;
  record: ListRecord;
  /** Addresses that are mailed, or never will be. */
  readonly done: Set<string>;
}

/** - `over`: there is nothing to do on this server, now or later */
type RoundEnd = "done" | "soon" | "over";

/** How these mails are counted. */
export const REVIEW_REMINDER = { kind: "access-list-review" } as const;
const KIND = "access list review";

export class AccessListReviews {
  /** Reasons that the log has a warning of. */
  readonly #warned = new Set<string>();
  /** Owners who were refused for now, and the log has a warning. */
  readonly #deferred = new Set<string>();
  /** Owners whose mails could not be recorded, by list and step. */
  readonly #unrecorded = new Map<string, ReadonlySet<string>>();

  constructor(private readonly deps: AccessListReviewsDeps) {}

  /** Makes rounds until `drain` is aborted, or the server proves to have no access lists. */
  async run(): Promise<void> {
    const { clock, random, drain } = this.deps;
    for (let incomplete = 0; !drain.aborted;) {
      const end = await this.#tryRound();
      if (end === "over") return;
      incomplete = end === "soon" ? incomplete + 1 : 0;
      const pauseMs = incomplete === 0
        ? ROUND_MS
        : Math.min(SOON_MS * 2 ** (incomplete - 1), ROUND_MS);
      await pause(clock, pauseMs * (0.9 + 0.2 * random()), drain);
    }
  }

  async #tryRound(): Promise<RoundEnd> {
    const { log, drain } = this.deps;
    try {
      const end = await this.round();
      this.#warned.delete("denied");
      return end;
    } catch (error) {
      if (drain.aborted) return "over";
      if (!(error instanceof ClusterError)) throw error;
      switch (error.kind) {
        case "unsupported":
          log.debug("This server has no access lists, reminders of reviews are off", { error });
          return "over";
        case "invalid":
          log.warn(
            "Owners of access lists are not reminded: the server keeps no plugin data of lists",
            { error },
          );
          return "over";
        case "denied":
          this.#warn("denied", "Owners of access lists are not reminded: a permission is missing", {
            error,
          });
          return "done";
        default:
          log.debug("Cannot remind owners of access lists, trying again", { error });
          return "soon";
      }
    }
  }

  /**
   * Reminds of everything that is due now.
   *
   * @throws {ClusterError}
   */
  async round(): Promise<RoundEnd> {
    const { cluster, drain } = this.deps;
    const lists = await cluster.listAccessLists(drain);
    if (lists.length === 0) return "done";
    const records = await cluster.listListRecords(drain);
    const claims: Claim[] = [];
    let isComplete = true;
    try {
      for (const list of lists) {
        const claim = await this.#tryClaim(list, records.get(list.name) ?? {});
        if (claim === "later") isComplete = false;
        else if (claim !== undefined) claims.push(claim);
      }
      await this.#remind(claims);
    } finally {
      for (const claim of claims) await this.#settle(claim);
    }
    const isAllSent = claims.every(({ record, done }) => record.owed.every((to) => done.has(to)));
    return isComplete && isAllSent ? "done" : "soon";
  }

  /** A list that fails must not hold up the others. */
  async #tryClaim(list: AccessList, raw: RawListRecord): Promise<Claim | "later" | undefined> {
    try {
      return await this.#claim(list, raw);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.kind === "denied") throw error;
      // It has been deleted since it was listed.
      if (error.kind === "not-found") return undefined;
      const { name, title } = list;
      const fields = { "access_list": name, title, error };
      this.deps.log.debug("Cannot remind owners of an access list, trying again", fields);
      return "later";
    }
  }

  /** Takes a list that is due; `later` if another replica has it, undefined if there is nothing to do. */
  async #claim(list: AccessList, raw: RawListRecord): Promise<Claim | "later" | undefined> {
    const { clock, instance, cluster, kill } = this.deps;
    const nowMs = clock.now();
    const record = decodeListRecord(raw);
    const stepMs = lastStepMs(list, nowMs);
    const isDue = stepMs !== undefined && stepMs > (record.remindedMs ?? -Infinity);
    if (!isDue && record.owed.length === 0) return undefined;
    const isForeign = foreignLeaseEndMs(record.owner, instance, nowMs, LEASE_MS) !== undefined;
    if (isForeign) return "later";
    const next: ListRecord = {
      owed: stepMs === undefined ? [] : isDue ? await this.#owners(list) : record.owed,
      ...defined({ remindedMs: isDue ? stepMs : record.remindedMs }),
      // Without a step the review has been done, and what is owed is dropped.
      ...stepMs !== undefined && { owner: { instance, untilMs: nowMs + LEASE_MS } },
    };
    const held = next.owed.length > 0 ? next : { ...next, owner: undefined };
    const set = encodeListRecord(defined(held));
    const outcome = await cluster.writeListRecord(list.name, set, expectationOf(raw), kill);
    if (outcome === "conflict") return "later";
    if (outcome === "missing" || next.owed.length === 0) return undefined;
    const reminded = next.remindedMs ?? nowMs;
    const done = new Set(this.#unrecorded.get(`${list.name} ${reminded}`));
    return { list, stepMs: reminded, raw: set, record: next, done };
  }

  /** The owners' addresses, each once. */
  async #owners({ name, title }: AccessList): Promise<readonly string[]> {
    const { cluster, addressOf, drain } = this.deps;
    const about = { "access_list": name, title };
    const addresses = new Map<string, string>();
    for (const user of await cluster.listAccessListOwners(name, drain)) {
      const address = await addressOf(user, about, drain);
      if (address !== undefined && !addresses.has(address.toLowerCase())) {
        addresses.set(address.toLowerCase(), address);
      }
    }
    if (addresses.size === 0) {
      this.#warn(name, "No owner of an access list has an email address", about);
    }
    return [...addresses.values()];
  }

  /** One mail for each owner, about all lists of this round. */
  async #remind(claims: readonly Claim[]): Promise<void> {
    const byOwner = new Map<string, { readonly to: string; readonly claims: Claim[] }>();
    for (const claim of claims) {
      for (const to of claim.record.owed) {
        if (claim.done.has(to)) continue;
        const key = to.toLowerCase();
        const known = byOwner.get(key) ?? { to, claims: [] };
        known.claims.push(claim);
        byOwner.set(key, known);
      }
    }
    await Promise.all([...byOwner.values()].map(async ({ to, claims }) => {
      if (!await this.#send(to, claims)) return;
      for (const { record, done } of claims) {
        for (const address of record.owed) {
          if (address.toLowerCase() === to.toLowerCase()) done.add(address);
        }
      }
    }));
  }

  /** Returns whether the owner is served: mailed, or refused for good. */
  async #send(to: string, claims: readonly Claim[]): Promise<boolean> {
    const { clock, log, instance, semaphore, breaker, transport } = this.deps;
    const { observer, drain, kill } = this.deps;
    const release = await semaphore.acquire(KIND, drain);
    if (release === undefined) return false;
    try {
      const mayStart = () =>
        !breaker.isPaused &&
        claims.every(({ record }) => holdsLease(record.owner, instance, clock.now(), LEASE_MS));
      if (!mayStart() || drain.aborted) return false;
      const message = this.deps.compose(to, claims);
      const startMs = clock.now();
      const receipt = await transport.send(message, kill, mayStart);
      const tookMs = clock.now() - startMs;
      const fields = {
        email: to,
        kind: KIND,
        "access_lists": claims.length,
        "message_id": message.messageId,
        "took_ms": Math.round(tookMs),
      };
      if (receipt.ok) {
        this.#deferred.delete(to);
        breaker.succeeded();
        semaphore.pace.accepted();
        const sinceMs = Math.min(...claims.map(({ stepMs }) => stepMs));
        observer.mailAccepted(REVIEW_REMINDER, tookMs, Math.max(0, clock.now() - sinceMs));
        log.info("Owner of access lists is reminded", fields);
        return true;
      }
      return await this.#refused(to, receipt, tookMs, fields);
    } finally {
      release();
    }
  }

  async #refused(
    to: string,
    refusal: Refusal,
    tookMs: number,
    fields: LogFields,
  ): Promise<boolean> {
    const { log, semaphore, breaker, observer, kill } = this.deps;
    // It was not sent: its lease is nearly over, or the program stops.
    if (kill.aborted || refusal.category === "cancelled") return false;
    observer.mailRefused(REVIEW_REMINDER, refusal, tookMs);
    if (refusal.pace === "rate") semaphore.pace.slower(refusal.error);
    if (refusal.pace === "connections") {
      semaphore.pace.fewerConnections(semaphore.inFlight, refusal.error);
    }
    const isTransport = refusal.retry === "transport"
      ? await breaker.causeOf(`${KIND}/${to}`, refusal) === "transport"
      : breaker.isCausedByTransport(refusal, to);
    if (isTransport) breaker.pause(refusal);
    const { error, category, remedy } = refusal;
    const details = { ...fields, error, category, ...defined({ remedy }) };
    if (refusal.retry === "never" && !isTransport) {
      log.error("Reminder of access lists is refused", details);
      observer.mailDropped(REVIEW_REMINDER, "failed");
      return true;
    }
    if (isTransport) return false;
    const say = this.#deferred.has(to) ? log.debug : log.warn;
    say.call(log, "Reminder of access lists is deferred, will retry", details);
    this.#deferred.add(to);
    return false;
  }

  /** Records who was mailed, and releases the lease. Never rejects. */
  async #settle(claim: Claim): Promise<void> {
    const { cluster, log, kill } = this.deps;
    const { list: { name }, stepMs, done } = claim;
    const key = `${name} ${stepMs}`;
    if (done.size > 0) this.#unrecorded.set(key, done);
    try {
      for (let attempt = 1;; attempt++) {
        const { owner, ...record } = decodeListRecord(claim.raw);
        // What we sent is settled, and no more, if another replica or a later step has taken over.
        const isOurs = owner?.instance === this.deps.instance;
        const isSameStep = record.remindedMs === undefined || record.remindedMs === stepMs;
        if (!isSameStep) break;
        const owed = record.owed.filter((to) => !done.has(to));
        const isHeld = owner !== undefined && !isOurs && owed.length > 0;
        const set = encodeListRecord({ ...record, owed, ...isHeld && { owner } });
        const outcome = await cluster.writeListRecord(name, set, expectationOf(claim.raw), kill);
        if (outcome !== "conflict") break;
        if (attempt === SETTLE_ATTEMPTS) return;
        claim.raw = await cluster.readListRecord(name, kill);
      }
      this.#unrecorded.delete(key);
    } catch (error) {
      log.debug("Cannot record reminders of an access list, trying again", {
        "access_list": name,
        error,
      });
    }
  }

  #warn(what: string, message: string, fields: LogFields): void {
    if (this.#warned.has(what)) return;
    this.#warned.add(what);
    this.deps.log.warn(message, fields);
  }
}
