/**
 * Mails that time makes due, and no news: reminders to reviewers of a pending request, and a warning to
 * the requester before the access ends. Pure functions. Every step is a time that follows from the
 * request itself, and the record holds the last one that was planned: all replicas agree, and neither a
 * restart nor a changed clock plans a step again.
 */

import { type AccessRequest, expiryOf } from "../teleport/access_request/read.ts";
import { getsFirstAlone } from "../routing/follow_ups.ts";
import { MAX_OWED, newlyOwed, type OwedMail } from "./record/outbox.ts";
import type { PluginRecord } from "./record/record.ts";

/** When reminders are due. */
export interface ReminderPolicy {
  /** How long after the creation of a request its reviewers are reminded, ascending. */
  readonly remindAfterMs: readonly number[];
  /** How long before the access ends the requester is warned; absent = never. */
  readonly warnBeforeAccessEndsMs?: number;
}

/** What reminders depend on beside snapshot and record. */
export interface ReminderInput extends ReminderPolicy {
  /** The time of day, which clocks may set back. */
  readonly nowMs: number;
  /** Who has reviewed the request: user names and email addresses in lower case. */
  readonly reviewed: ReadonlySet<string>;
}

/** The last step that has passed, in seconds after the creation of the request; 0 before the first. */
export function passedStep(
  { createdMs }: Pick<AccessRequest, "createdMs">,
  { remindAfterMs, nowMs }: Pick<ReminderInput, "remindAfterMs" | "nowMs">,
): number {
  if (createdMs === undefined) return 0;
  const passed = remindAfterMs.findLast((afterMs) => createdMs + afterMs <= nowMs);
  return passed === undefined ? 0 : stepOf(passed);
}

function stepOf(afterMs: number): number {
  return Math.floor(afterMs / 1000);
}

/**
 * The record of a pending request with a reminder for each reviewer who has a thread and no review, if a
 * step has passed. Recipients of the first mail alone get none. Several steps that passed become one reminder: the later supersedes the earlier, also
 * one that is still owed, and so does the reviewer's own review.
 */
export function addReminders(
  record: PluginRecord,
  request: AccessRequest,
  input: ReminderInput,
): PluginRecord {
  const { nowMs, reviewed } = input;
  const step = passedStep(request, input);
  const isDue = step > record.reminded && nowMs < (expiryOf(request) ?? Infinity);
  const isOutdated = ({ kind, to }: OwedMail) =>
    kind === "reminder" && (isDue || reviewed.has(to.toLowerCase()));
  const owed = record.owed.some(isOutdated)
    ? record.owed.filter((mail) => !isOutdated(mail))
    : record.owed;
  if (!isDue) return owed === record.owed ? record : { ...record, owed };
  // Such a mail asks for the review already.
  const isAsked = new Set(
    owed.filter(({ kind }) => kind === "new" || kind === "reopened").map(({ to }) => to),
  );
  const reminders = record.threads.map(({ recipient }) => recipient)
    .filter((to) => !isAsked.has(to) && !reviewed.has(to.toLowerCase()))
    .filter((to) => !getsFirstAlone(record.followUps, to))
    .map((to) => newlyOwed("reminder", to, step, nowMs));
  if (owed.length > 0 && owed.length + reminders.length > MAX_OWED) return record;
  return { ...record, reminded: step, owed: [...owed, ...reminders] };
}

/** Whether {@linkcode addReminders} adds any. */
export function isReminderDue(
  record: PluginRecord,
  request: AccessRequest,
  input: ReminderInput,
): boolean {
  if (request.state !== "PENDING" || record.resolution !== "") return false;
  return addReminders(record, request, input).owed.some((mail) =>
    mail.kind === "reminder" && !record.owed.includes(mail)
  );
}

/** The record of a decided request: reviewers are not asked any more. */
export function dropReminders(record: PluginRecord): PluginRecord {
  const owed = record.owed.filter(({ kind }) => kind !== "reminder");
  return owed.length === record.owed.length ? record : { ...record, owed };
}

/**
 * When the access that the request grants ends, if the requester is to be warned of that: from
 * `warnBeforeAccessEndsMs` before on. Undefined when there is nothing to warn of, or not yet.
 */
export function endToWarnOf(
  { state, accessExpiresMs }: AccessRequest,
  { warnBeforeAccessEndsMs, nowMs }: ReminderInput,
): number | undefined {
  if (state !== "APPROVED" || accessExpiresMs === undefined) return undefined;
  if (warnBeforeAccessEndsMs === undefined) return undefined;
  return nowMs >= accessExpiresMs - warnBeforeAccessEndsMs ? accessExpiresMs : undefined;
}

/**
 * The record of an approved request with the warning that its access ends, if that is due; `requester` is
 * only called then, and returns undefined if their address is not known. A warning that is still owed
 * when the access has ended is superseded by that.
 */
export function addWarning(
  record: PluginRecord,
  request: AccessRequest,
  input: ReminderInput,
  requester: () => string | undefined,
): PluginRecord {
  const { nowMs } = input;
  const isOver = record.warnedMs !== undefined &&
    (nowMs >= record.warnedMs || request.state !== "APPROVED");
  const isOutdated = ({ kind }: OwedMail) => isOver && kind === "requester-access-ending";
  if (record.owed.some(isOutdated)) {
    return { ...record, owed: record.owed.filter((mail) => !isOutdated(mail)) };
  }
  const endMs = endToWarnOf(request, input);
  if (record.resolution !== "APPROVED" || record.warnedMs !== undefined) return record;
  if (endMs === undefined || nowMs >= endMs) return record;
  const to = requester();
  if (to === undefined || to === "") return record;
  // A requester who is one of the reviewers has a thread already.
  const thread = record.threads.find(({ recipient }) =>
    recipient.toLowerCase() === to.toLowerCase()
  );
  const recipient = thread?.recipient ?? to;
  const warning = newlyOwed("requester-access-ending", recipient, 0, nowMs);
  return { ...record, warnedMs: endMs, owed: [...record.owed, warning] };
}

/** When the next step of the request is due; undefined when none is to come. */
export function nextStepMs(
  record: PluginRecord,
  request: AccessRequest,
  { remindAfterMs, warnBeforeAccessEndsMs, nowMs }: ReminderPolicy & { readonly nowMs: number },
): number | undefined {
  const { state, createdMs, accessExpiresMs } = request;
  if (state === "PENDING" && record.resolution === "" && createdMs !== undefined) {
    const afterMs = remindAfterMs.find((afterMs) =>
      stepOf(afterMs) > record.reminded && createdMs + afterMs > nowMs
    );
    const atMs = afterMs === undefined ? Infinity : createdMs + afterMs;
    return atMs < (expiryOf(request) ?? Infinity) ? atMs : undefined;
  }
  const isWarned = record.warnedMs !== undefined || record.resolution !== "APPROVED";
  if (state !== "APPROVED" || isWarned || accessExpiresMs === undefined) return undefined;
  const atMs = accessExpiresMs - (warnBeforeAccessEndsMs ?? -Infinity);
  return atMs > nowMs && atMs < Infinity ? atMs : undefined;
}
