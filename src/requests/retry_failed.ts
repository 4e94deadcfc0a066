/** Requeues mails that failed permanently, when an operator asks for it. */

import { type FailedMail, mailKey, type OwedMail } from "./record/outbox.ts";
import type { Cluster } from "./ports.ts";
import type { PluginRecord } from "./record/record.ts";
import { StoredRecord } from "./record/stored_record.ts";

/** A running daemon may write meanwhile, but not so often. */
const ATTEMPTS = 5;

export type RetryResult =
  /** `left`: mails that stay failed, because later ones have overtaken them. */
  | { readonly kind: "done"; readonly owed: readonly OwedMail[]; readonly left: number }
  | { readonly kind: "nothing" }
  /** Neither the request nor its record exists any more. */
  | { readonly kind: "missing" }
  /** The record was changed by others each time. */
  | { readonly kind: "busy" };

/** Moves the failed mails of one request into `owed`, by compare-and-set. Rejects with `ClusterError`. */
export async function retryFailed(
  id: string,
  cluster: Pick<Cluster, "readRecord" | "writeRecord">,
  nowMs: number,
  signal: AbortSignal,
): Promise<RetryResult> {
  const stored = new StoredRecord(id, cluster, { now: () => nowMs });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await stored.load(signal);
    const { record } = stored;
    if (record === undefined || record.failed.length === 0) return { kind: "nothing" };
    const next = requeue(record, nowMs);
    const owed = next.owed.slice(0, next.owed.length - record.owed.length);
    const done: RetryResult = { kind: "done", owed, left: next.failed.length };
    if (!stored.differsFrom(next)) return done;
    switch (await stored.write(next, signal)) {
      case "written":
        return done;
      case "missing":
        return { kind: "missing" };
      case "conflict":
        continue;
    }
  }
  return { kind: "busy" };
}

/**
 * The failed mails come first, as they are older than what is owed; each gets the whole retry period
 * again. Mails that later ones have overtaken stay failed: requests for review of a decided request,
 * reviews behind its end, reminders before the last one, the end of a request that has been reopened, and
 * the warning of an end of access that is over.
 */
export function requeue(record: PluginRecord, nowMs: number): PluginRecord {
  const known = new Set(record.owed.map(mailKey));
  const isOutOfDate = ({ kind, index }: FailedMail) => {
    if (kind.endsWith("resolution")) return record.resolution === "" || index !== record.reopened;
    if (kind === "requester-access-ending") return nowMs >= (record.warnedMs ?? 0);
    if (record.resolution !== "") return true;
    return (kind === "reminder" && index !== record.reminded) ||
      (kind.endsWith("reopened") && index !== record.reopened);
  };
  const again = record.failed.filter((mail) => !isOutOfDate(mail));
  const owed = again.filter((mail) => !known.has(mailKey(mail))).map((
    { kind, to, index },
  ): OwedMail => ({ kind, to, index, sinceMs: nowMs, attempts: 0, notBeforeMs: 0 }));
  return {
    ...record,
    owed: [...owed, ...record.owed],
    failed: record.failed.filter(isOutOfDate),
  };
}
