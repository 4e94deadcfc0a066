/** What became of mails that were tried, and what that makes of the record. */

import { type FailedMail, isSameMail, type MailKind, type OwedMail } from "../record/outbox.ts";
import type { PluginRecord } from "../record/record.ts";
import { exactTime } from "../../text.ts";

export type Outcome =
  | {
    readonly type: "accepted";
    readonly mail: OwedMail;
    /** The id under which it was sent, without brackets. */
    readonly messageId: string;
    readonly atMs: number;
  }
  | {
    readonly type: "failed";
    readonly mail: OwedMail;
    readonly error: string;
    readonly atMs: number;
  };

/**
 * Enough to see what is wrong; a record has a size limit that all plugins share
 * (teleport-protocol.md §5.3).
 */
const MAX_FAILED = 100;

/** The record after the outcomes. Applying one a second time changes nothing. */
export function settle(record: PluginRecord, outcomes: readonly Outcome[]): PluginRecord {
  return outcomes.reduce(settleOne, record);
}

function settleOne(record: PluginRecord, outcome: Outcome): PluginRecord {
  const isOwed = record.owed.some((mail) => isSameMail(mail, outcome.mail));
  if (outcome.type === "failed") return isOwed ? giveUp(record, outcome) : record;
  const { to, kind } = outcome.mail;
  const opensThread = kind === "new" && !record.threads.some((t) => t.recipient === to);
  return {
    ...record,
    owed: record.owed.filter((mail) => !isSameMail(mail, outcome.mail)),
    threads: opensThread
      ? [...record.threads, {
        recipient: to,
        time: exactTime(outcome.atMs),
        messageId: outcome.messageId,
      }]
      : record.threads,
  };
}

/** First mails, with the reviews that say nothing without them. */
const REVIEWS_BEHIND: Readonly<Partial<Record<MailKind, MailKind>>> = {
  "new": "review",
  "requester-new": "requester-review",
};

/**
 * The mails that fail together with `mail`, itself included: reviews make no sense without the first mail
 * that they follow.
 */
export function abandonedWith(
  record: PluginRecord | undefined,
  mail: OwedMail,
): readonly OwedMail[] {
  const behind = REVIEWS_BEHIND[mail.kind];
  return (record?.owed ?? []).filter((owed) =>
    isSameMail(owed, mail) || (owed.to === mail.to && owed.kind === behind)
  );
}

function giveUp(
  record: PluginRecord,
  { mail, error, atMs }: Outcome & { type: "failed" },
): PluginRecord {
  const lost = abandonedWith(record, mail);
  const failed: FailedMail[] = lost.map(({ kind, to, index }) => ({
    kind,
    to,
    index,
    error: error.slice(0, 300),
    atMs,
  }));
  return {
    ...record,
    owed: record.owed.filter((owed) => !lost.includes(owed)),
    failed: [...record.failed, ...failed].slice(-MAX_FAILED),
  };
}
