/** One reconcile of one request, step by step; the head of reconciler.ts lists the steps. */

import { DecorrelatedBackoff } from "../backoff.ts";
import { pause } from "../clock.ts";
import { defined } from "../optional.ts";
import type { Routed, Router } from "../routing/router.ts";
import type { Runtime } from "../runtime.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { ClusterError } from "../teleport/errors.ts";
import { listingRight } from "./absence.ts";
import type { CircuitBreaker } from "./delivery/circuit_breaker.ts";
import { dispatch } from "./delivery/dispatch.ts";
import type { FairSemaphore } from "./delivery/fair_semaphore.ts";
import type { Mailer } from "./delivery/mailer.ts";
import { settle } from "./delivery/outcome.ts";
import { dueMails } from "./delivery/retries.ts";
import type { FailureLog } from "./failure_log.ts";
import type { Observer } from "./observer.ts";
import {
  type Ignored,
  isReopened,
  needsListOwners,
  needsRecipients,
  needsRequester,
  type Plan,
  plan,
  type PlanInput,
  type Snapshot,
  supersededMails,
} from "./plan.ts";
import type { Cluster } from "./ports.ts";
import { foreignLeaseEndMs, holdsLease, LEASE_GRACE_MS, withLease } from "./record/lease.ts";
import { isReview, type OwedMail } from "./record/outbox.ts";
import type { PluginRecord } from "./record/record.ts";
import { isReminderDue, nextStepMs, type ReminderInput, type ReminderPolicy } from "./reminders.ts";
import type { Requesters } from "./requester_address.ts";
import type { TrackedRequest } from "./tracked_request.ts";

/** Recipients of one request that are served before other requests have their turn. */
const RECIPIENTS_PER_RUN = 32;

/** Ample time for a crashed replica to be replaced. */
const RESTART_MS = 3_600_000;

/** A longer wait for a reminder is cut short: clocks may be set forward, and machines suspended. */
const MAX_WAIT_FOR_STEP_MS = 10 * 60_000;

/** The configuration that decides what is owed. */
export interface ReconcilerPolicy {
  /** Pending requests without a record that are older are ignored. */
  readonly catchUpMs: number;
  /** How long first mails wait after a request's creation. @default 0 */
  readonly settleForMs?: number;
  /** How long a mail may be owed before a further refusal drops it. */
  readonly retryForMs: number;
  /** Absent = no reminders. */
  readonly reminders?: ReminderPolicy;
}

/** The parts that a reconcile works with. */
export interface ReconcileDeps extends Runtime {
  readonly cluster: Cluster;
  readonly router: Router;
  /** Present if requesters get mails about their own requests. */
  readonly requesters?: Requesters;
  /** Finds addresses of users, to tell which reviewers have decided; absent = by user names alone. */
  readonly reviewers?: Requesters;
  readonly mailer: Mailer;
  readonly semaphore: FairSemaphore;
  readonly breaker: CircuitBreaker;
  readonly observer: Observer;
  /** The name of this process in leases: without spaces, different for every start. */
  readonly instance: string;
  readonly policy: ReconcilerPolicy;
  /** Aborted to stop: no more mails leave, leases are released; mails in flight are finished. */
  readonly drain: AbortSignal;
  /** Aborted to cut off what is still on its way. */
  readonly kill: AbortSignal;
}

/** Limits how many requests send at the same time. */
export interface SendSlots {
  /** Whether the request may send now. */
  maySend(id: string): boolean;
  /** Whether other requests have all slots now, and this one, first seen at `sinceMs`, has one soon. */
  isTurnNear(id: string, sinceMs: number): boolean;
  /** Takes a slot, until the reconcile ends. */
  take(id: string): void;
}

/**
 * When a request is reconciled again, unless a newer snapshot or listing comes first:
 * - `done`: never; nothing is owed, of a request in this state
 * - `parked`: when the transport can send, and the requests ahead of it have been served
 * - `at`: at a time, when a mail may be tried again or another replica's lease is over
 * - `again`: after the other requests that wait
 * - `stopped`: never; the program stops and releases the lease
 */
export type Next =
  | { readonly next: "done"; readonly snapshot: Snapshot }
  | { readonly next: "parked" | "again" | "stopped" }
  | { readonly next: "at"; readonly atMs: number };

/** A pass ends early because snapshot or record may have changed: another pass begins. */
const CHANGED = "changed";

/** What one pass through the steps works on. */
interface View {
  /** The snapshot that came last. */
  readonly latest: Snapshot;
  /** The snapshot that counts: a decision outlives its request, a late event does not. */
  readonly snapshot: Snapshot;
  /** The snapshot if it is a request. */
  readonly request: AccessRequest | undefined;
  /** The record, with the outcomes that could not be written yet. */
  readonly before: PluginRecord | undefined;
  readonly input: Omit<PlanInput, "recipients" | "followUps" | "listOwners" | "requester">;
  /** Aborted when a newer snapshot arrives. */
  readonly outdated: AbortSignal;
}

/**
 * What happens to the owed mails in this pass:
 * - `idle`: none may be tried now
 * - `foreign`: another replica has the lease
 * - `blocked`: the cluster refused the last write; nothing is sent until the record is writable
 * - `parked`: the transport is paused, or other requests have all slots
 * - `send`: they leave
 */
type TurnState = "idle" | "foreign" | "blocked" | "parked" | "send";

interface Turn {
  readonly state: TurnState;
  readonly nowMs: number;
  /** When the other replica's lease is over, in state `foreign`. */
  readonly leaseEndMs: number;
  readonly queuesByRecipient: readonly (readonly OwedMail[])[];
  /** When the first mail that waits may be tried; undefined when none waits. */
  readonly nextMs: number | undefined;
}

export class Reconcile {
  readonly #backoff: DecorrelatedBackoff;
  /** The last answer of the router, and the request that it is about. */
  #routed:
    | Pick<Routed, "recipients" | "followUps"> & { readonly request: AccessRequest }
    | undefined;
  /** The owners of the access list, and the request that was promoted to it. */
  #listOwners:
    | { readonly request: AccessRequest; readonly addresses: readonly string[] }
    | undefined;
  /** The last answer about a requester. */
  #asked: { readonly user: string; readonly address: string | undefined } | undefined;
  /** A request that the record calls expired and that exists, or may exist. */
  #confirmed: Snapshot | undefined;
  /** A request that the record calls expired and that is gone. */
  #refuted: Snapshot | undefined;
  /** The last request that was looked at for a reminder, and whether it is there. */
  #checked: { readonly request: Snapshot; readonly isThere: boolean } | undefined;
  /** Addresses of reviewers by user name, for reminders. */
  readonly #reviewers = new Map<string, string | undefined>();

  constructor(
    private readonly id: string,
    private readonly entry: TrackedRequest,
    private readonly slots: SendSlots,
    private readonly writeFailures: FailureLog,
    private readonly deps: ReconcileDeps,
  ) {
    this.#backoff = new DecorrelatedBackoff(20, 1000, deps.random);
  }

  /**
   * Makes passes until one ends the reconcile.
   *
   * @throws {ClusterError} the record can be neither read nor written, or a lookup failed
   */
  async run(): Promise<Next> {
    while (!this.deps.drain.aborted) {
      const end = await this.#pass();
      if (end !== CHANGED) return end;
    }
    return { next: "stopped" };
  }

  /**
   * The steps in order. Until the write nothing is awaited but what ends the pass: the write is computed
   * from the record that it expects to find.
   */
  async #pass(): Promise<Next | typeof CHANGED> {
    const view = this.#observe();
    if (this.#waitsUnrecorded(view)) return { next: "parked" };
    const lookup = this.#confirm(view) ?? this.#confirmPending(view) ?? this.#route(view) ??
      this.#askOwners(view) ?? this.#askRequester(view);
    if (lookup !== undefined) {
      await lookup;
      return CHANGED;
    }
    const planned = this.#plan(view);
    if (planned.record === undefined) return await this.#ignore(view, planned.ignored);
    const turn = this.#due(view, planned.record);
    const change = this.#change(view, planned.record, turn);
    if (turn.state === "foreign" && this.entry.unsettled.length === 0) {
      return { next: "at", atMs: turn.leaseEndMs + this.deps.random() * LEASE_GRACE_MS };
    }
    if (turn.state === "send") this.slots.take(this.id);
    const end = change && await this.#write(view, change, turn);
    if (end !== undefined) return end;
    return turn.state === "send" ? await this.#send(view, turn) : this.#rest(view, turn);
  }

  /** Step 1: the latest snapshot and the record. */
  #observe(): View {
    const { entry, deps: { policy: { catchUpMs, settleForMs } } } = this;
    entry.expire();
    const { outdated, effectiveSnapshot, stored, changedAtMs } = entry;
    const snapshot = effectiveSnapshot === this.#refuted ? "gone" : effectiveSnapshot;
    entry.requestLog.problems(stored.problems);
    const before = stored.record && settle(stored.record, entry.unsettled);
    const request = typeof snapshot === "object" ? snapshot : undefined;
    const reminders = defined({ reminders: request && this.#reminders(request) });
    return {
      latest: entry.snapshot,
      snapshot,
      request,
      before,
      input: {
        snapshot,
        record: before,
        nowMs: changedAtMs,
        catchUpMs,
        ...defined({ settleForMs }),
        ...reminders,
      },
      outdated,
    };
  }

  /**
   * Whether a new request waits for its turn without a record, so that one write records it and takes the
   * lease. A crash loses nothing: the next listing brings the request, if it is not too old by then.
   */
  #waitsUnrecorded({ request, before }: View): boolean {
    const { id, entry, slots, deps: { clock, policy: { catchUpMs } } } = this;
    if (before !== undefined || request === undefined || entry.isDecided) return false;
    const isOldAfterRestart = clock.now() + RESTART_MS - (request.createdMs ?? 0) >= catchUpMs;
    return !isOldAfterRestart && slots.isTurnNear(id, entry.trackedSinceMs);
  }

  /** What reminders depend on; undefined if there are none, or if the request may be gone. */
  #reminders(request: AccessRequest): ReminderInput | undefined {
    const { entry, deps: { clock, policy: { reminders } } } = this;
    const isDoubtful = typeof entry.snapshot !== "object" || entry.isMissing ||
      (this.#checked?.request === request && !this.#checked.isThere);
    if (reminders === undefined || isDoubtful) return undefined;
    const authors = request.reviews.map(({ author }) => author);
    const names = [...authors, ...authors.map((author) => this.#reviewers.get(author) ?? "")];
    return {
      ...reminders,
      nowMs: clock.now(),
      reviewed: new Set(names.map((name) => name.toLowerCase())),
    };
  }

  /** Step 2: whether a request exists that the record calls expired; undefined if there is no doubt. */
  #confirm({ request, before, input }: View): Promise<void> | undefined {
    const isDoubtful = request !== undefined && this.#confirmed !== request &&
      isReopened(before, request, input.nowMs);
    return isDoubtful ? this.#findOut(request) : undefined;
  }

  async #findOut(request: AccessRequest): Promise<void> {
    // What was deleted, as an event or a complete listing told, is not opened again.
    this.#confirmed = this.entry.snapshot === "gone" ? undefined : await this.#find(request);
    if (this.#confirmed === undefined) this.#refuted = request;
  }

  /** Returns the request as it is now if it exists or may exist, else undefined. */
  async #find(seen: AccessRequest): Promise<Snapshot | undefined> {
    const { entry, deps: { cluster, drain } } = this;
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

  /** Step 2, too: whether a request whose reviewers are to be reminded is still pending. */
  #confirmPending({ request, before, input: { reminders } }: View): Promise<void> | undefined {
    if (request === undefined || before === undefined || reminders === undefined) return undefined;
    if (!isReminderDue(before, request, reminders)) return undefined;
    if (this.#checked?.request !== request) return this.#check(request);
    const { reviewers } = this.deps;
    const author = request.reviews.find(({ author }) => !this.#reviewers.has(author))?.author;
    return reviewers && author !== undefined ? this.#askReviewer(reviewers, author) : undefined;
  }

  /** Reads the request from the backend: its decision may have come without an event so far. */
  async #check(request: AccessRequest): Promise<void> {
    const { entry, deps: { cluster, drain } } = this;
    let found: Awaited<ReturnType<Cluster["findRequest"]>>;
    try {
      found = await cluster.findRequest(entry.id, drain);
    } catch (error) {
      // Without an answer nothing is sent; a role that may not ask has to trust the stream.
      if (!(error instanceof ClusterError) || error.isTransient) throw error;
    }
    if (entry.effectiveSnapshot !== request) return;
    this.#checked = {
      request: typeof found === "object" ? found : request,
      isThere: found !== "absent",
    };
    if (typeof found !== "object") return;
    const hasNews = found.state !== request.state ||
      found.reviews.length !== request.reviews.length;
    if (hasNews) entry.update(found);
    else entry.refresh(found);
  }

  async #askReviewer(reviewers: Requesters, author: string): Promise<void> {
    this.#reviewers.set(
      author,
      await reviewers.addressOf(author, { request_id: this.id }, this.deps.drain),
    );
  }

  /** Step 3: the recipients; undefined if they are known or not needed. */
  #route({ request, input }: View): Promise<void> | undefined {
    const isNeeded = request !== undefined && this.#routed?.request !== request &&
      needsRecipients(input);
    return isNeeded ? this.#askRouter(request) : undefined;
  }

  async #askRouter(request: AccessRequest): Promise<void> {
    const decision = await this.deps.router.route(request, this.deps.drain);
    this.entry.requestLog.routed(decision);
    const { recipients, followUps } = decision;
    this.#routed = { request, recipients, ...defined({ followUps }) };
  }

  /** What the router has answered. */
  get #recipients(): Pick<PlanInput, "recipients" | "followUps" | "listOwners"> {
    const { recipients = [], followUps } = this.#routed ?? {};
    return { recipients, ...defined({ followUps, listOwners: this.#listOwners?.addresses }) };
  }

  /** Step 4: the owners of the access list; undefined if they are known or not needed. */
  #askOwners({ request, input }: View): Promise<void> | undefined {
    const isNeeded = request !== undefined && this.#listOwners?.request !== request &&
      needsListOwners(input);
    return isNeeded ? this.#findOwners(request) : undefined;
  }

  async #findOwners(request: AccessRequest): Promise<void> {
    const { addresses, notices } = await this.deps.router.listOwners(request, this.deps.drain);
    this.entry.requestLog.notices(notices);
    this.#listOwners = { request, addresses };
  }

  /** Step 4, too: the requester's address; undefined if it is known or not needed. */
  #askRequester({ request, before, input }: View): Promise<void> | undefined {
    const { requesters } = this.deps;
    if (requesters === undefined) return undefined;
    const user = request?.user ?? before?.user ?? "";
    const isNeeded = this.#asked?.user !== user &&
      needsRequester({ ...input, ...this.#recipients });
    return isNeeded ? this.#askAddress(requesters, user) : undefined;
  }

  async #askAddress(requesters: Requesters, user: string): Promise<void> {
    this.#asked = {
      user,
      address: await requesters.addressOf(user, { request_id: this.id }, this.deps.drain),
    };
  }

  /** Step 5: the next record. */
  #plan({ input }: View): Plan {
    const requester = defined({ requester: this.#asked?.address });
    return plan({ ...input, ...this.#recipients, ...requester });
  }

  /** Ends a pass without a record to write. */
  async #ignore({ latest }: View, ignored: Ignored): Promise<Next | typeof CHANGED> {
    const { stored, requestLog, isRecordCurrent } = this.entry;
    const isOver = ignored === "gone" || ignored === "resolved";
    if (isRecordCurrent || !isOver) {
      requestLog.ignored(ignored, latest);
      return { next: "done", snapshot: latest };
    }
    // Another replica may have notified reviewers since the record was last read.
    await stored.load(this.deps.kill);
    return CHANGED;
  }

  /** Step 6: which mails may be tried now, and whether by this replica. */
  #due({ before, snapshot }: View, { owed }: PluginRecord): Turn {
    const { id, entry: { retries, stored }, deps: { clock, instance } } = this;
    const nowMs = clock.now();
    const canCompose = ({ kind }: OwedMail) =>
      snapshot !== "unlisted" || !(isReview(kind) || kind === "reminder");
    const { queuesByRecipient, nextMs } = dueMails(owed, retries, nowMs, canCompose);
    const leaseEndMs = foreignLeaseEndMs(before?.owner, instance, nowMs);
    const state = (): TurnState => {
      // It may be sending what this plan drops, and what the next one owes must not overtake that.
      const mayBeSending = owed.length > 0 || (before !== undefined && before.owed.length > 0);
      if (leaseEndMs !== undefined && mayBeSending) return "foreign";
      if (queuesByRecipient.length === 0) return "idle";
      if (stored.refusal !== undefined) return "blocked";
      return this.slots.maySend(id) ? "send" : "parked";
    };
    return { state: state(), nowMs, leaseEndMs: leaseEndMs ?? nowMs, queuesByRecipient, nextMs };
  }

  /** The record to write: with news, for its lease, or to see if it can be written; undefined if none. */
  #change(
    { before }: View,
    planned: PluginRecord,
    { state, nowMs }: Turn,
  ): PluginRecord | undefined {
    const { entry, deps: { instance } } = this;
    const hasNews = entry.stored.differsFrom({ ...planned, ...ownerOf(before) });
    // What was to be settled is in the record already.
    if (!hasNews) entry.unsettled = [];
    const needsLease = state === "send" && !holdsLease(before?.owner, instance, nowMs);
    if (!hasNews && !needsLease && state !== "blocked") return undefined;
    // An overtaken replica settles what it sent, and nothing more.
    if (state === "foreign" && before !== undefined) return before;
    const takesLease = state === "send" || (state === "blocked" && !hasNews);
    return withLease(planned, takesLease ? instance : undefined, nowMs);
  }

  /** Step 7: the record is written, with the lease; undefined if the pass goes on. */
  async #write(
    { before, latest }: View,
    next: PluginRecord,
    { state }: Turn,
  ): Promise<Next | typeof CHANGED | undefined> {
    const { entry, deps: { clock, drain, kill } } = this;
    const { stored, requestLog, retries } = entry;
    const outcome = await stored.write(retries.withAttempts(next), kill);
    if (outcome === "missing") {
      requestLog.recordDeleted(before?.owed ?? []);
      stored.set({});
      entry.unsettled = [];
      return { next: "done", snapshot: latest };
    }
    if (outcome === "conflict") {
      // Waiting and reading take time, in which the request may be decided.
      this.#checked = undefined;
      await pause(clock, this.#backoff.next(), drain);
      await stored.load(kill);
      return CHANGED;
    }
    entry.unsettled = [];
    if (before !== undefined) {
      requestLog.superseded(supersededMails(before, next));
      if (next.reopened > before.reopened) requestLog.reopened();
    }
    return state === "blocked" || state === "foreign" ? CHANGED : undefined;
  }

  /** Steps 8 and 9: the mails leave, and their outcomes are written. */
  async #send(
    { snapshot, outdated }: View,
    { queuesByRecipient }: Turn,
  ): Promise<Next | typeof CHANGED> {
    const { id, entry, deps, writeFailures } = this;
    const { lastKnown, stored, retries, requestLog } = entry;
    const served = queuesByRecipient.slice(0, RECIPIENTS_PER_RUN);
    entry.unsettled = await dispatch(
      { id, snapshot, lastKnown, stored, retries, requestLog, queuesByRecipient: served, outdated },
      {
        clock: deps.clock,
        random: deps.random,
        log: deps.log,
        instance: deps.instance,
        semaphore: deps.semaphore,
        breaker: deps.breaker,
        mailer: deps.mailer,
        observer: deps.observer,
        retryForMs: deps.policy.retryForMs,
        writeFailures,
        drain: deps.drain,
        kill: deps.kill,
      },
    );
    if (entry.unsettled.length > 0 || stored.refusal !== undefined) {
      return { next: "at", atMs: entry.failed() };
    }
    return served.length < queuesByRecipient.length ? { next: "again" } : CHANGED;
  }

  /** Nothing leaves now. */
  #rest(view: View, { state, nextMs }: Turn): Next {
    const { retries, stored } = this.entry;
    retries.keepOnly(stored.record?.owed ?? []);
    if (state === "parked") {
      const isPaused = this.deps.breaker.pauseReason !== undefined;
      if (isPaused) this.entry.requestLog.waiting(stored.record?.owed.length ?? 0);
      return { next: "parked" };
    }
    const atMs = Math.min(nextMs ?? Infinity, this.#nextStepMs(view) ?? Infinity);
    return atMs === Infinity ? { next: "done", snapshot: view.latest } : { next: "at", atMs };
  }

  /** When to look whether a reminder is due; undefined when none is to come. */
  #nextStepMs({ request, input: { reminders } }: View): number | undefined {
    const { entry: { stored: { record } }, deps: { clock } } = this;
    const latestMs = clock.now() + MAX_WAIT_FOR_STEP_MS;
    if (this.#checked?.isThere === false) return latestMs;
    if (!request || !record || !reminders) return undefined;
    const atMs = nextStepMs(record, request, { ...reminders, nowMs: clock.now() });
    return atMs && Math.min(atMs, latestMs);
  }
}

function ownerOf(record: PluginRecord | undefined): Pick<PluginRecord, "owner"> {
  return record?.owner === undefined ? {} : { owner: record.owner };
}
