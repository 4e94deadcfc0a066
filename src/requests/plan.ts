/**
 * What is owed for one request: a pure function from the latest snapshot and the record to the next
 * record (docs/internals/delivery.md). It decides everything about which mails go to whom; when and
 * how they leave is the business of others.
 */

import { defined } from "../optional.ts";
import { type FollowUps, hasOwnRecipients } from "../routing/follow_ups.ts";
import { type AccessRequest, expiryOf } from "../teleport/access_request/read.ts";
import { audience, followers, isSilent } from "./audience.ts";
import { isReview, type MailKind, MAX_OWED, newlyOwed, type OwedMail } from "./record/outbox.ts";
import type { PluginRecord, Resolution } from "./record/record.ts";
import {
  addReminders,
  addWarning,
  dropReminders,
  endToWarnOf,
  passedStep,
  type ReminderInput,
} from "./reminders.ts";

/**
 * A request as it is now.
 * - `gone`: deleted or expired
 * - `unlisted`: recorded and probably there, but not in a listing that may be incomplete
 */
export type Snapshot = AccessRequest | "gone" | "unlisted";

export interface PlanInput {
  readonly snapshot: Snapshot;
  readonly record: PluginRecord | undefined;
  /** Recipients of the first email; only read where {@linkcode needsRecipients} says so. */
  readonly recipients: readonly string[];
  /** Recipients of later emails where they differ; decided and read along with `recipients`. */
  readonly followUps?: FollowUps;
  /** The owners of the access list; only read where {@linkcode needsListOwners} says so. */
  readonly listOwners?: readonly string[];
  /** The requester's address if they get mails, too; only read where {@linkcode needsRequester} says so. */
  readonly requester?: string;
  /** When the snapshot came: what it brings is owed since then. */
  readonly nowMs: number;
  /** Pending requests that are older and have no record are ignored. */
  readonly catchUpMs: number;
  /** How long first mails wait after the request's creation: a decision in that time supersedes them. @default 0 */
  readonly settleForMs?: number;
  /** Absent where nothing is due by time, or the request may not be as the snapshot has it. */
  readonly reminders?: ReminderInput;
}

/** Why a request without a record stays without one. */
export type Ignored =
  | "gone"
  | "unlisted"
  | "resolved"
  | "old"
  | "no-recipients"
  | "unknown-state";

export type Plan =
  | { readonly record: PluginRecord }
  | { readonly record: undefined; readonly ignored: Ignored };

/** Returns the next record: the given one itself when nothing is to change. */
export function plan(input: PlanInput): Plan {
  const { snapshot, record } = input;
  if (record === undefined) return announce(input);
  if (snapshot === "gone") return { record: close(input, record, "EXPIRED", "") };
  if (snapshot === "unlisted") return { record };
  const next = follow(input, record, snapshot);
  if (next === record || next.resolution !== "") return { record: next };
  // Written along with other changes only.
  return { record: { ...next, ...defined({ expiresMs: expiryOf(snapshot) }) } };
}

/** The record of a request that is there. */
function follow(input: PlanInput, record: PluginRecord, snapshot: AccessRequest): PluginRecord {
  const open = isReopened(record, snapshot, input.nowMs) ? reopen(input, record, snapshot) : record;
  const notified = wasNeverNotified(open) && snapshot.state === "PENDING"
    ? { ...open, ...firstRouting(input, snapshot) }
    : open;
  const reviewed = addReviews(input, notified, snapshot);
  const { reminders } = input;
  if (!isDecided(snapshot)) {
    const isPending = snapshot.state === "PENDING" && reviewed.resolution === "";
    return isPending && reminders ? addReminders(reviewed, snapshot, reminders) : reviewed;
  }
  const decided = dropReminders(reviewed);
  if (reviewsComeFirst(decided, snapshot)) return decided;
  const closed = close(input, decided, snapshot.state, snapshot.resolveReason);
  if (reminders === undefined) return closed;
  if (open.resolution !== "") {
    return addWarning(closed, snapshot, reminders, () => input.requester);
  }
  // A warning beside the decision, which has the end of the access, would say nothing new.
  const warnedMs = endToWarnOf(snapshot, reminders);
  return warnedMs === undefined ? closed : { ...closed, warnedMs };
}

/** Steps that passed before the first mail, which asks for the review itself. */
function stepsBefore({ reminders }: PlanInput, request: AccessRequest): number {
  return reminders === undefined ? 0 : passedStep(request, reminders);
}

/** A request with its decision. */
type DecidedRequest = AccessRequest & { readonly state: "APPROVED" | "DENIED" | "PROMOTED" };

/** Whether the request was approved, denied or promoted. */
export function isDecided(request: AccessRequest): request is DecidedRequest {
  return ["APPROVED", "DENIED", "PROMOTED"].includes(request.state);
}

/**
 * Whether a request that the record calls expired exists after all. A pending request past its expiry is
 * not open any more: backends may take hours to delete it.
 */
export function isReopened(
  record: PluginRecord | undefined,
  snapshot: AccessRequest,
  nowMs: number,
): boolean {
  if (record?.resolution !== "EXPIRED") return false;
  if (isDecided(snapshot)) return true;
  return snapshot.state === "PENDING" && nowMs < (expiryOf(snapshot) ?? Infinity);
}

/**
 * Whether {@linkcode plan} reads the recipients: they are decided once, before the first mail. Deciding
 * takes calls to the cluster, which requests that need none must not cost.
 */
export function needsRecipients(input: Omit<PlanInput, "recipients" | "requester">): boolean {
  const { snapshot, record, nowMs } = input;
  if (typeof snapshot === "string") return false;
  if (isReopened(record, snapshot, nowMs)) return true;
  if (snapshot.state !== "PENDING") return false;
  return record === undefined ? !isOld(snapshot, input) : wasNeverNotified(record);
}

/**
 * Whether {@linkcode plan} reads the requester's address, which may take a call to the cluster: only
 * when there is something new to tell.
 */
export function needsRequester(input: Omit<PlanInput, "requester">): boolean {
  let isRead = false;
  plan({
    ...input,
    get requester() {
      isRead = true;
      return "";
    },
  });
  return isRead;
}

/**
 * Whether {@linkcode plan} reads the owners of the access list, which takes a call to the cluster: with the
 * resolution of a request that was promoted to one, if a route names them.
 */
export function needsListOwners(
  { snapshot, record, nowMs }: Pick<PlanInput, "snapshot" | "record" | "nowMs">,
): boolean {
  if (typeof snapshot === "string" || snapshot.state !== "PROMOTED") return false;
  if (record?.followUps?.hasListOwners !== true) return false;
  return record.resolution === "" || isReopened(record, snapshot, nowMs);
}

/** The owed mails of `before` that `next` no longer owes: superseded, not sent. */
export function supersededMails(before: PluginRecord, next: PluginRecord): readonly OwedMail[] {
  return before.owed.filter((mail) => !next.owed.includes(mail));
}

function announce(input: PlanInput): Plan {
  const { snapshot } = input;
  const ignore = (ignored: Ignored): Plan => ({ record: undefined, ignored });
  if (typeof snapshot === "string") return ignore(snapshot);
  if (snapshot.state === "NONE" || snapshot.state === "UNKNOWN") return ignore("unknown-state");
  if (snapshot.state !== "PENDING") return ignore("resolved");
  if (isOld(snapshot, input)) return ignore("old");
  if (input.recipients.length === 0 && !hasOwnRecipients(input.followUps)) {
    return ignore("no-recipients");
  }
  const record: PluginRecord = {
    user: snapshot.user,
    roles: snapshot.roles,
    requestReason: snapshot.reason,
    reviewsCount: 0,
    resolution: "",
    resolveReason: "",
    reopened: 0,
    ...defined({ expiresMs: expiryOf(snapshot) }),
    threads: [],
    foreignThreads: [],
    failed: [],
    ...firstRouting(input, snapshot),
  };
  return { record: addReviews(input, record, snapshot) };
}

function isOld(
  { createdMs }: AccessRequest,
  { nowMs, catchUpMs }: Pick<PlanInput, "nowMs" | "catchUpMs">,
): boolean {
  return nowMs - (createdMs ?? nowMs) > catchUpMs;
}

/** What a request's first routing makes of its record. */
function firstRouting(
  input: PlanInput,
  request: AccessRequest,
): Pick<PluginRecord, "isResourceRequest" | "reminded" | "followUps" | "owed"> {
  const { followUps } = input;
  return {
    isResourceRequest: request.resources.length > 0,
    reminded: stepsBefore(input, request),
    ...defined({ followUps }),
    owed: firstMails(input),
  };
}

/** None to the requester where reviewers get none. */
function firstMails(input: PlanInput): readonly OwedMail[] {
  if (input.recipients.length === 0) return [];
  const mails = input.recipients.map((to) => owe(input, "new", to));
  const requester = requesterBeside(input, input.recipients);
  const all = requester === undefined ? mails : [...mails, owe(input, "requester-new", requester)];
  const notBeforeMs = settledAtMs(input);
  return all.map((mail) => ({ ...mail, notBeforeMs }));
}

/** When first mails may leave; 0 = at once. A creation time in the future is a clock's fault. */
function settledAtMs({ snapshot, settleForMs = 0, nowMs }: PlanInput): number {
  const createdMs = typeof snapshot === "string" ? undefined : snapshot.createdMs;
  const settledMs = Math.min(createdMs ?? nowMs, nowMs) + settleForMs;
  return settledMs > nowMs ? settledMs : 0;
}

/**
 * The original writes its record before it sends; one without recipients is what a failed send left
 * (original.md §4.1). A record with follow-ups is ours, and was routed to no first email.
 */
function wasNeverNotified(record: PluginRecord): boolean {
  return record.followUps === undefined &&
    record.threads.length === 0 && record.foreignThreads.length === 0 &&
    record.owed.length === 0 && record.failed.length === 0 && record.resolution === "";
}

/**
 * New reviews are owed to the recipients of the first mail, unless routes say otherwise: as many as there
 * is room for in a record, the others when those have left.
 */
function addReviews(
  input: PlanInput,
  record: PluginRecord,
  snapshot: AccessRequest,
): PluginRecord {
  const count = snapshot.reviews.length;
  // A replica that has not heard of the end yet must not add reviews behind the closing mail.
  if (count <= record.reviewsCount || record.resolution !== "") return record;
  const recipients = followers(record, "review");
  const requester = isSilent(record, "review") ? undefined : requesterBeside(input, recipients);
  const mails = recipients.length + (requester === undefined ? 0 : 1);
  const owed = [...record.owed];
  let index = record.reviewsCount;
  for (; index < count; index++) {
    if (owed.length > 0 && owed.length + mails > MAX_OWED) break;
    for (const to of recipients) owed.push(owe(input, "review", to, index));
    if (requester !== undefined) owed.push(owe(input, "requester-review", requester, index));
  }
  return index === record.reviewsCount ? record : { ...record, reviewsCount: index, owed };
}

/**
 * Nothing is owed behind a closing mail, so reviews that the record has no room for go first. Except
 * while a first mail is owed, which would ask for the review of a decided request: then those reviews are
 * not sent.
 */
function reviewsComeFirst(record: PluginRecord, { reviews }: AccessRequest): boolean {
  return record.resolution === "" && record.reviewsCount < reviews.length &&
    !record.owed.some((mail) => mail.kind === "new" || mail.kind === "requester-new");
}

/**
 * Opens a record that was closed as EXPIRED. Recipients of the resolution with a thread, or by a route, are
 * owed the correction; others who are to be mailed, or may have got the closing mail alone, are owed a
 * first mail. Reviews are owed again
 * from the first one that the closing superseded.
 */
function reopen(input: PlanInput, record: PluginRecord, snapshot: AccessRequest): PluginRecord {
  const index = record.reopened + 1;
  const threads = record.threads.map((thread) => thread.recipient);
  const corrected = followers({ ...record, owed: [] }, "resolution");
  const failed = record.failed.filter((mail) => mail.kind === "new").map((mail) => mail.to);
  const closing = record.owed.filter((mail) => mail.kind === "resolution").map((mail) => mail.to);
  const others = [...new Set([...closing, ...input.recipients])]
    .filter((to) => !threads.includes(to) && !corrected.includes(to) && !failed.includes(to));
  const requester = isSilent(record, "resolution")
    ? undefined
    : requesterBeside(input, [...corrected, ...others]);
  const kept = record.owed.filter((mail) => !mail.kind.endsWith("resolution"));
  return {
    ...record,
    resolution: "",
    resolveReason: "",
    reopened: index,
    reminded: Math.max(record.reminded, stepsBefore(input, snapshot)),
    owed: [
      ...kept,
      ...corrected.map((to) => owe(input, "reopened", to, index)),
      ...others.map((to) => owe(input, "new", to)),
      ...(requester === undefined ? [] : [owe(input, "requester-reopened", requester, index)]),
    ],
  };
}

/**
 * Closes the request once. Every recipient who was notified, or may have been, is owed the resolution,
 * unless routes say otherwise.
 * `new` mails that are still owed are superseded by it, with the reviews behind them: reviewers are never
 * asked about a request that has been decided. Such a mail may have been accepted without an answer, or
 * by a process that died before it could record that; hence its recipient gets the resolution, too. A
 * request that the original has closed may still owe such mails, which the original does not know.
 */
function close(
  input: PlanInput,
  record: PluginRecord,
  resolution: Resolution,
  reason: string,
): PluginRecord {
  const requestIsGone = input.snapshot === "gone";
  if (requestIsGone && wasNeverNotified(record)) return record;
  const isClosed = record.resolution !== "";
  const notYetNotified = new Set(
    record.owed.filter((mail) => mail.kind === "new").map((m) => m.to),
  );
  const waiting = record.owed.filter((mail) => mail.kind === "requester-new").map((m) => m.to);
  const all = followers(record, "resolution", isClosed ? [] : listOwners(input, record));
  const recipients = isClosed ? all.filter((to) => notYetNotified.has(to)) : all;
  const requester = isSilent(record, "resolution")
    ? undefined
    : waiting[0] ?? (isClosed ? undefined : requesterBeside(input, recipients));
  const isKnownToNone = !isClosed && audience(record).length === 0 && record.owed.length === 0;
  if (requestIsGone && isKnownToNone && recipients.length === 0 && requester === undefined) {
    return record;
  }
  // Reviews behind a superseded first mail would be about a request that the recipient does not know.
  const isUnknownTo = (to: string) => notYetNotified.has(to) || waiting.includes(to);
  const kept = record.owed.filter(({ kind, to }) =>
    isReview(kind)
      ? !requestIsGone && !isUnknownTo(to)
      : kind === "resolution" || kind === "requester-resolution" ||
        (kind === "requester-access-ending" && !requestIsGone)
  );
  const added = [
    ...recipients.map((to) => owe(input, "resolution", to, record.reopened)),
    ...(requester === undefined
      ? []
      : [owe(input, "requester-resolution", requester, record.reopened)]),
  ];
  if (isClosed && added.length === 0 && kept.length === record.owed.length) return record;
  const owed = [...kept, ...added];
  if (isClosed) return { ...record, owed };
  // The end of a closed request tells nothing more.
  const { expiresMs: _, ...rest } = record;
  const reviewsCount = requestIsGone ? reviewsToldOf(record, kept) : record.reviewsCount;
  return { ...rest, resolution, resolveReason: reason, reviewsCount, owed };
}

/**
 * How many reviews everybody was mailed, or is going to be: if the request turns out to be open, the
 * others are owed again.
 */
function reviewsToldOf({ owed, reviewsCount }: PluginRecord, kept: readonly OwedMail[]): number {
  const dropped = owed.filter((mail) => isReview(mail.kind) && !kept.includes(mail));
  return Math.min(reviewsCount, ...dropped.map((mail) => mail.index));
}

/** The owners of the access list that the request was promoted to, if they are to get the resolution. */
function listOwners(input: PlanInput, record: PluginRecord): readonly string[] {
  return needsListOwners({ ...input, record }) ? input.listOwners ?? [] : [];
}

/** The requester, unless one of the reviewers has the same address. */
function requesterBeside(input: PlanInput, reviewers: readonly string[]): string | undefined {
  const requester = input.requester;
  if (requester === undefined || requester === "") return undefined;
  const known = reviewers.some((to) => to.toLowerCase() === requester.toLowerCase());
  return known ? undefined : requester;
}

function owe(input: PlanInput, kind: MailKind, to: string, index = 0): OwedMail {
  return newlyOwed(kind, to, index, input.nowMs);
}
