/** The one place that turns failures of Mailgun calls into refusals. */

import { fetchFault } from "../../net/network_fault.ts";
import { MailgunStatusError } from "./provider.ts";
import { retryAfterMs } from "./retry_after.ts";
import type { Refusal, RefusalCategory, Retry } from "../transport.ts";
import { singleLine } from "../../text.ts";

/** What is known about an attempt beside its error. */
export interface MailgunAttempt {
  readonly target: string;
  readonly secrets: readonly string[];
  readonly expired: boolean;
  readonly cancelled: boolean;
  readonly nowMs: number;
}

type Verdict = readonly [category: RefusalCategory, retry: Retry];

/** Turns whatever a call failed with into a refusal; never throws. */
export function mailgunRefusal(error: unknown, attempt: MailgunAttempt): Refusal {
  const [category, retry] = verdict(error, attempt);
  const pause = error instanceof MailgunStatusError
    ? retryAfterMs(error.retryAfter, attempt.nowMs)
    : undefined;
  const words = attempt.cancelled
    ? "cancelled"
    : attempt.expired
    ? "no answer within the time limit"
    : error instanceof MailgunStatusError
    ? error.message
    : fetchFault(error);
  return {
    ok: false,
    category,
    retry,
    ...(pause === undefined || retry === "never" ? {} : { retryAfterMs: pause }),
    error: `Cannot send mail through Mailgun '${attempt.target}': ${
      singleLine(words, attempt.secrets)
    }`,
  };
}

function verdict(error: unknown, attempt: MailgunAttempt): Verdict {
  if (attempt.cancelled) return ["cancelled", "later"];
  if (attempt.expired) return ["timeout", "transport"];
  if (error instanceof MailgunStatusError) return judgeStatus(error.status, error.words);
  // `fetch` has one error type for everything between the name lookup and a reset connection.
  const isTls = /certificate|\btls\b|handshake/i.test(fetchFault(error));
  return [isTls ? "tls" : "network", "transport"];
}

/** Decides about an answer that takes no mail. */
function judgeStatus(status: number, words: string): Verdict {
  // A sandbox or test account that does not know this recipient: the operator can mend that.
  if (/authorized recipients/i.test(words)) return ["configuration", "later"];
  switch (status) {
    case 400:
      return judgeBadRequest(words);
    case 401:
    case 403:
      return ["authentication", "transport"];
    case 408:
      return ["timeout", "transport"];
    case 413:
      return ["message", "never"];
    case 429:
      // Limits are per account or domain, so they hold for every mail.
      return ["rate-limit", "transport"];
    case 500:
    case 501:
      // May be due to this very mail, so it waits alone.
      return ["server", "later"];
    default:
      if (status > 501) return ["server", "transport"];
      // 402 unpaid, 404 unknown domain ("can be temporal"), redirects, successes that are not
      // Mailgun's: all concern the account or the base URL, none the mail.
      return ["configuration", "transport"];
  }
}

function judgeBadRequest(words: string): Verdict {
  if (/^'?to'? parameter|\brecipient/i.test(words)) return ["recipient", "never"];
  // The sender is the same for all mails, and the domain and the account are, too.
  if (/\bfrom\b|domain|sender|account|not allowed to send/i.test(words)) {
    return ["configuration", "transport"];
  }
  return ["message", "never"];
}
