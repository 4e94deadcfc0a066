/** Owed mails (not yet accepted) and failed ones, as JSON lists in plugin data. */

import * as v from "valibot";
import { exactTime } from "../../text.ts";

/**
 * What a mail is about. `requester-…` go to the requester, when that is configured. `reopened` corrects a
 * resolution EXPIRED of a request that turns out to be open. `reminder` and `requester-access-ending`
 * become due by time.
 */
export const MAIL_KINDS = [
  "new",
  "review",
  "resolution",
  "reopened",
  "reminder",
  "requester-new",
  "requester-review",
  "requester-resolution",
  "requester-reopened",
  "requester-access-ending",
] as const;

export type MailKind = typeof MAIL_KINDS[number];

/** Whether a mail is about one of the reviews, which its index names. */
export function isReview(kind: MailKind): boolean {
  return kind === "review" || kind === "requester-review";
}

export interface OwedMail {
  readonly kind: MailKind;
  readonly to: string;
  /**
   * Which review, from 0. For closing and reopening mails, how often the request had been reopened; for
   * reminders, how many seconds after the creation of the request; 0 for every other kind.
   */
  readonly index: number;
  /** Since when it is owed, milliseconds since 1970. */
  readonly sinceMs: number;
  /** How often it was tried, and when it may be tried again; written only along with other news. */
  readonly attempts: number;
  readonly notBeforeMs: number;
}

/**
 * Mails beyond this wait outside the record, of which Teleport takes a million bytes
 * (teleport-protocol.md §5.3): one takes about 150 of them, and 400 with the longest address.
 */
export const MAX_OWED = 1000;

/** A mail that becomes owed now. */
export function newlyOwed(kind: MailKind, to: string, index: number, sinceMs: number): OwedMail {
  return { kind, to, index, sinceMs, attempts: 0, notBeforeMs: 0 };
}

export interface FailedMail {
  readonly kind: MailKind;
  readonly to: string;
  readonly index: number;
  readonly error: string;
  readonly atMs: number;
}

/** What identifies a mail within its request. */
type MailIdentity = Pick<OwedMail, "kind" | "to" | "index">;

/** A text that identifies a mail within its request. */
export function mailKey(mail: MailIdentity): string {
  return `${mail.kind}/${mail.index}/${mail.to}`;
}

/** Whether both are the same mail of one request. */
export function isSameMail(a: MailIdentity, b: MailIdentity): boolean {
  return a.to === b.to && a.index === b.index && a.kind === b.kind;
}

const Kind = v.picklist(MAIL_KINDS);
const Time = v.pipe(
  v.string(),
  v.check((text) => Number.isFinite(Date.parse(text)), "not an RFC 3339 time"),
  v.transform((text) => Date.parse(text)),
);
const Count = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0);
const Recipient = v.pipe(v.string(), v.nonEmpty());

const Owed = v.object({
  kind: Kind,
  to: Recipient,
  index: Count,
  since: Time,
  attempts: Count,
  not_before: v.optional(Time),
});

const Failed = v.object({ kind: Kind, to: Recipient, index: Count, error: v.string(), at: Time });

/** Reads the `owed` key. Items that are not understood go to `problems` and are dropped. */
export function readOwed(text: string, problems: string[]): readonly OwedMail[] {
  return readList("owed", text, problems).flatMap((item) => {
    const result = v.safeParse(Owed, item);
    if (!result.success) return complain("owed", item, result.issues[0], problems);
    const { since, not_before: notBefore, ...mail } = result.output;
    return [{ ...mail, sinceMs: since, notBeforeMs: notBefore ?? 0 }];
  });
}

/** Writes the `owed` key, leaving out what is 0. */
export function writeOwed(owed: readonly OwedMail[]): string {
  return writeList(owed.map((mail) => ({
    kind: mail.kind,
    to: mail.to,
    ...(mail.index === 0 ? {} : { index: mail.index }),
    since: exactTime(mail.sinceMs),
    ...(mail.attempts === 0 ? {} : { attempts: mail.attempts }),
    ...(mail.notBeforeMs === 0 ? {} : { not_before: exactTime(mail.notBeforeMs) }),
  })));
}

/** Reads the `failed` key. */
export function readFailed(text: string, problems: string[]): readonly FailedMail[] {
  return readList("failed", text, problems).flatMap((item) => {
    const result = v.safeParse(Failed, item);
    if (!result.success) return complain("failed", item, result.issues[0], problems);
    const { at, ...mail } = result.output;
    return [{ ...mail, atMs: at }];
  });
}

/** Writes the `failed` key. */
export function writeFailed(failed: readonly FailedMail[]): string {
  return writeList(failed.map((mail) => ({
    kind: mail.kind,
    to: mail.to,
    ...(mail.index === 0 ? {} : { index: mail.index }),
    error: mail.error,
    at: exactTime(mail.atMs),
  })));
}

/** An empty list is an absent key. */
function writeList(items: readonly unknown[]): string {
  return items.length === 0 ? "" : JSON.stringify(items);
}

function readList(key: string, text: string, problems: string[]): readonly unknown[] {
  if (text === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // Falls through to the same complaint as valid JSON that is not a list.
  }
  problems.push(`${key} is not a JSON list`);
  return [];
}

function complain(
  key: string,
  item: unknown,
  issue: v.BaseIssue<unknown>,
  problems: string[],
): [] {
  const where = v.getDotPath(issue);
  problems.push(
    `${key} has an item that is not a mail: ${JSON.stringify(item).slice(0, 100)}` +
      (where === null ? "" : ` ('${where}': ${issue.message})`),
  );
  return [];
}
