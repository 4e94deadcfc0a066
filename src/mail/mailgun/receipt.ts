/** The one place that turns failures of Mailgun calls into refusals. */

import { fetchFault } from "../../net/network_fault.ts";
import { pauseInWords } from "../server_words.ts";
import { judgeAnswer } from "./answer_table.ts";
import { MailgunStatusError } from "./provider.ts";
import { REMEDIES } from "./remedies.ts";
import { retryAfterMs } from "../retry_after.ts";
import type { Refusal, RefusalCategory, Retry } from "../transport.ts";
import { singleLine } from "../../text.ts";

/** What is known about an attempt beside its error. */
export interface MailgunAttempt {
  readonly target: string;
  readonly secrets: readonly string[];
  readonly expired: boolean;
  readonly cancelled: boolean;
  /** Sender and recipient, whose parts in an answer say nothing. */
  readonly addresses: readonly string[];
  readonly nowMs: number;
}

/** Turns whatever a call failed with into a refusal; never throws. */
export function mailgunRefusal(error: unknown, attempt: MailgunAttempt): Refusal {
  const say = (words: string) =>
    `Cannot send mail through Mailgun '${attempt.target}': ${singleLine(words, attempt.secrets)}`;
  if (attempt.cancelled) return refusal("cancelled", "later", say("cancelled"));
  if (attempt.expired) {
    return refusal("timeout", "transport", say("no answer within the time limit"));
  }
  if (error instanceof MailgunStatusError) {
    return refusedBy(error, attempt, say(error.message));
  }
  // `fetch` has one error type for everything between the name lookup and a reset connection.
  const words = fetchFault(error);
  const isTls = /certificate|\btls\b|handshake/i.test(words);
  return refusal(isTls ? "tls" : "network", "transport", say(words));
}

function refusedBy(
  { status, words, retryAfter }: MailgunStatusError,
  { addresses, nowMs }: MailgunAttempt,
  error: string,
): Refusal {
  const { category, retry, pace, remedy } = judgeAnswer(status, words, addresses);
  const isLimit = category === "rate-limit" || category === "quota";
  const pause = retryAfterMs(retryAfter, nowMs) ??
    (isLimit ? pauseInWords(words, nowMs) : undefined);
  // A time to wait holds for all mails: limits are per account or domain.
  const waits = isLimit && pause !== undefined ? "transport" : retry;
  return {
    ...refusal(category, waits, error, remedy),
    ...(pause === undefined || retry === "never" ? {} : { retryAfterMs: pause }),
    ...pace === undefined ? {} : { pace },
    signature: `HTTP ${status}`,
  };
}

function refusal(
  category: RefusalCategory,
  retry: Retry,
  error: string,
  remedy = category === "cancelled" ? undefined : REMEDIES[category],
): Refusal {
  return { ok: false, category, retry, error, ...remedy === undefined ? {} : { remedy } };
}
