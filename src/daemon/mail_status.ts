/** Pending and failed emails in the form of `/status`. */

import type { FailedMailStatus, PendingMailStatus } from "../ops/status.ts";
import type { LastAttempt } from "../requests/delivery/retries.ts";
import { type FailedMail, isReview, type OwedMail } from "../requests/record/outbox.ts";
import { decodeRecord, type RawRecord } from "../requests/record/record.ts";

/** The emails of all outboxes. */
export interface OutboxListing {
  readonly pending: readonly PendingMailStatus[];
  readonly failed: readonly FailedMailStatus[];
}

/** Reads the outbox of every record. */
export function outboxOf(records: ReadonlyMap<string, RawRecord>): OutboxListing {
  const decoded = [...records].flatMap(([id, raw]) => {
    const { record } = decodeRecord(raw);
    return record === undefined ? [] : [{ id, record }];
  });
  return {
    pending: decoded.flatMap(({ id, record }) =>
      record.owed.map((mail) => pendingStatus(id, mail))
    ),
    failed: decoded.flatMap(({ id, record }) =>
      record.failed.map((mail) => failedStatus(id, mail))
    ),
  };
}

/** A pending email, with the error of its last attempt. */
export function pendingStatus(
  id: string,
  mail: OwedMail & LastAttempt,
): PendingMailStatus {
  return {
    ...mailStatus(id, mail),
    since: statusTime(mail.sinceMs),
    attempts: mail.attempts,
    ...mail.notBeforeMs === 0 ? {} : { "not_before": statusTime(mail.notBeforeMs) },
    ...mail.error === undefined ? {} : { error: mail.error },
    ...mail.category === undefined ? {} : { category: mail.category },
    ...mail.remedy === undefined ? {} : { remedy: mail.remedy },
  };
}

/** An email that failed permanently. */
export function failedStatus(id: string, mail: FailedMail): FailedMailStatus {
  return { ...mailStatus(id, mail), at: statusTime(mail.atMs), error: mail.error };
}

function mailStatus(id: string, { kind, to, index }: OwedMail | FailedMail) {
  return { "request_id": id, recipient: to, kind, ...isReview(kind) ? { review: index } : {} };
}

/** A time of `/status`: RFC 3339, UTC, always with milliseconds. */
export function statusTime(ms: number): string {
  return new Date(ms).toISOString();
}
