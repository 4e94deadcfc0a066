/**
 * When the owed mails of one request may be tried again; kept in memory
 * (docs/internals/delivery.md).
 */

import { retryDelayMs } from "../../backoff.ts";
import type { Refusal } from "../../mail/transport.ts";
import { mailKey, type OwedMail } from "../record/outbox.ts";
import type { PluginRecord } from "../record/record.ts";

/** No pause is longer than an hour: a time so far ahead was set by a clock that has been put right. */
const IMPOSSIBLE_PAUSE_MS = 2 * 3_600_000;

/** What became of the last attempt in this process; not for the record, which all plugins share. */
export interface LastAttempt {
  readonly error?: string;
  readonly category?: string;
  readonly remedy?: string;
}

interface Retry extends LastAttempt {
  readonly attempts: number;
  readonly notBeforeMs: number;
}

export class Retries {
  /** Made with the first failure: thousands of requests are kept, and most never have one. */
  #byMail: Map<string, Retry> | undefined;
  /** How many mails the transport had taken when it failed at a mail. */
  #stoppedAt: Map<string, number> | undefined;

  constructor(private readonly random: () => number) {}

  /** Attempts so far and the time before which it must not be tried, from memory or the record. */
  stateOf(mail: OwedMail): Retry {
    const known = this.#byMail?.get(mailKey(mail));
    const { attempts, notBeforeMs } = mail;
    return known !== undefined && known.attempts >= attempts ? known : { attempts, notBeforeMs };
  }

  /** Counts a failure and returns how often the mail has failed now. */
  failed(mail: OwedMail, nowMs: number, refusal: Refusal): number {
    const { retryAfterMs, error, category, remedy } = refusal;
    const attempts = this.stateOf(mail).attempts + 1;
    const delayMs = Math.max(retryAfterMs ?? 0, retryDelayMs(attempts, this.random));
    this.#byMail ??= new Map();
    this.#byMail.set(mailKey(mail), {
      attempts,
      notBeforeMs: nowMs + Math.round(delayMs),
      error,
      category,
      ...remedy === undefined ? {} : { remedy },
    });
    return attempts;
  }

  /**
   * The transport failed at the mail, having taken `accepted` mails so far. Whether it has taken others
   * since it last failed at this one: then that is due to the mail.
   */
  transportFailedAt(mail: OwedMail, accepted: number): boolean {
    const key = mailKey(mail);
    this.#stoppedAt ??= new Map();
    const before = this.#stoppedAt.get(key) ?? accepted;
    this.#stoppedAt.set(key, accepted);
    return before < accepted;
  }

  /** Forgets mails that are no longer owed. */
  keepOnly(owed: readonly OwedMail[]): void {
    if (this.#byMail === undefined && this.#stoppedAt === undefined) return;
    const keys = new Set(owed.map(mailKey));
    for (const map of [this.#byMail, this.#stoppedAt]) {
      for (const key of map?.keys() ?? []) if (!keys.has(key)) map?.delete(key);
    }
  }

  /** The record with what is known here about its mails, for a write that happens anyway. */
  withAttempts(record: PluginRecord): PluginRecord {
    if (this.#byMail === undefined) return record;
    const owed = record.owed.map((mail) => {
      const { attempts, notBeforeMs } = this.stateOf(mail);
      return { ...mail, attempts, notBeforeMs };
    });
    return { ...record, owed };
  }
}

/**
 * The owed mails that may leave at `nowMs`, by recipient and in the order in which each is to get them:
 * a mail that has to wait keeps the ones behind it waiting. `nextMs` is when the first of those that wait
 * for their time may leave, undefined when none does. Mails that cannot be composed wait for a newer
 * snapshot.
 */
export function dueMails(
  owed: readonly OwedMail[],
  retries: Pick<Retries, "stateOf">,
  nowMs: number,
  canCompose: (mail: OwedMail) => boolean = () => true,
): {
  readonly queuesByRecipient: readonly (readonly OwedMail[])[];
  readonly nextMs: number | undefined;
} {
  const chains = new Map<string, OwedMail[]>();
  const waiting = new Set<string>();
  let nextMs: number | undefined;
  for (const mail of owed) {
    if (waiting.has(mail.to)) continue;
    if (!canCompose(mail)) {
      waiting.add(mail.to);
      continue;
    }
    const { notBeforeMs } = retries.stateOf(mail);
    if (notBeforeMs > nowMs && notBeforeMs < nowMs + IMPOSSIBLE_PAUSE_MS) {
      waiting.add(mail.to);
      nextMs = Math.min(nextMs ?? notBeforeMs, notBeforeMs);
      continue;
    }
    const chain = chains.get(mail.to);
    if (chain === undefined) chains.set(mail.to, [mail]);
    else chain.push(mail);
  }
  return { queuesByRecipient: [...chains.values()], nextMs };
}
