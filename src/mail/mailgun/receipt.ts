/** Maps failures of Mailgun calls to refusals. */

import { fetchFault } from "../../net/network_fault.ts";
import { pauseInWords } from "../server_words.ts";
import { judgeAnswer } from "./answer_table.ts";
import { MailgunStatusError } from "./provider.ts";
import { REMEDIES } from "./remedies.ts";
import { retryAfterMs } from "../retry_after.ts";
import type { Refusal, RefusalCategory, Retry } from "../transport.ts";
import { singleLine } from "../../text.ts";

/** The circumstances of an attempt, beside its error. */
export interface MailgunAttempt {
  readonly target: string;
  readonly secrets: readonly string[];
  readonly expired: boolean;
  readonly cancelled: boolean;
  /** Sender and recipient, which are removed from a response before it is matched. */
  readonly addresses: readonly string[];
  readonly nowMs: number;
}

/** Maps the error of a call to a refusal. Never throws. */
export function mailgunRefusal(error: unknown, attempt: MailgunAttempt): Refusal {
  const say = (words: string) =>
    `Cannot send mail through Mailgun '${attempt.target}': ${singleLine(words, attempt.secrets)}`;
  if (attempt.cancelled) return refusal("cancelled", "later", say("cancelled"));
  if (attempt.expired) {
    return refusal("timeout", "transport", say("no response within the time limit"));
  }
  if (error instanceof MailgunStatusError) {
    return refusedBy(error, attempt, say(error.message));
  }
  // `fetch` has one error type for all network failures, from name lookup to connection reset.
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
  // Retry-After applies to all emails, because limits are per account or domain.
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
