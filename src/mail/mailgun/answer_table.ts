/**
 * Maps Mailgun's error responses to verdicts: the first matching row decides. As with SMTP, an email is
 * dropped only on positive evidence against this recipient or this message. The page
 * docs/operate/delivery-errors.md shows this table.
 */

import { ownWords, RATE_LIMIT, SENDING_QUOTA } from "../server_words.ts";
import type { RefusalCategory, Retry } from "../transport.ts";

/** One row of the table: the response it matches, and the verdict. */
export interface AnswerRow {
  /** The subject of the response; unique. */
  readonly about: string;
  /** HTTP status codes, by regular expression; absent = all. */
  readonly status?: RegExp;
  /** Matched against the text without addresses, names and quotations. */
  readonly words?: RegExp;
  readonly category: RefusalCategory;
  readonly retry: Retry;
  readonly pace?: "rate";
  readonly remedy?: string;
  readonly source: string;
}

const RESPONSES = "Mailgun documentation, API Response Codes";

/** The table, in the order of precedence. */
export const ANSWER_ROWS: readonly AnswerRow[] = [
  {
    about: "recipient not among the authorized recipients",
    words: /authorized recipients/i,
    category: "configuration",
    retry: "later",
    remedy:
      "add the recipient to the authorized recipients of the sandbox domain, or use a domain " +
      "of your own",
    source: "grunt-email-workflow#81",
  },
  {
    about: "rate limit",
    status: /^4(20|29)$/,
    category: "rate-limit",
    retry: "later",
    pace: "rate",
    source: `${RESPONSES} (429); mailgun-java#50, Ghost#15725 (420)`,
  },
  {
    about: "message too big",
    status: /^(400|413)$/,
    words: /message\b.*\b(too (big|large)|size)|size\b.*\bexceed|entity too large/i,
    category: "message",
    retry: "never",
    source: "Mailgun documentation, Messages: at most 25 MB; RFC 9110 §15.5.14",
  },
  {
    about: "sending quota",
    status: /^40[023]$/,
    words: SENDING_QUOTA,
    category: "quota",
    retry: "transport",
    source: "swapmyvote#887: message limit reached",
  },
  {
    about: "payment required",
    status: /^402$/,
    category: "quota",
    retry: "transport",
    source: "RFC 9110 §15.5.3",
  },
  {
    about: "rate limit, by its words",
    status: /^4/,
    words: RATE_LIMIT,
    category: "rate-limit",
    retry: "later",
    pace: "rate",
    source: RESPONSES,
  },
  {
    about: "recipient address not valid",
    status: /^400$/,
    words: /^to parameter is not a valid address/i,
    category: "recipient",
    retry: "never",
    source: "Mailgun documentation, Messages: parameter is not a valid address",
  },
  {
    about: "request too big",
    status: /^413$/,
    category: "message",
    retry: "never",
    source: "RFC 9110 §15.5.14",
  },
  {
    about: "sender",
    status: /^400$/,
    words: /\bfrom\b|\bsender\b/i,
    category: "sender",
    retry: "transport",
    source: "Mailgun documentation, Messages: from parameter is not a valid address",
  },
  {
    about: "domain or account",
    status: /^40[03]$/,
    words: /domain|account|not allowed to send/i,
    category: "configuration",
    retry: "transport",
    source: "rebutify#162: please activate your Mailgun account",
  },
  {
    about: "unknown reason",
    status: /^400$/,
    category: "message",
    retry: "later",
    source: `${RESPONSES} (400)`,
  },
  {
    about: "API key refused",
    status: /^40[13]$/,
    category: "authentication",
    retry: "transport",
    source: `${RESPONSES} (401, 403)`,
  },
  {
    about: "request timeout",
    status: /^408$/,
    category: "timeout",
    retry: "transport",
    source: "RFC 9110 §15.5.9",
  },
  {
    about: "internal error",
    status: /^50[01]$/,
    category: "server",
    retry: "later",
    source: `${RESPONSES} (500)`,
  },
  {
    about: "service not available",
    status: /^5/,
    category: "server",
    retry: "transport",
    source: "RFC 9110 §15.6",
  },
  {
    // 404 "can be temporal" (Mailgun's manual); redirects; 2xx responses that are not Mailgun's.
    about: "domain, region or base URL",
    category: "configuration",
    retry: "transport",
    source: `${RESPONSES} (404)`,
  },
];

/** The row that decides about a response; `addresses` are those of the email. */
export function judgeAnswer(
  status: number,
  text: string,
  addresses: readonly string[] = [],
): AnswerRow {
  // Mailgun names parameters with and without quotes.
  const named = text.slice(0, MAX_TEXT).replace(/^'(\w+)'/, "$1");
  const words = ownWords(named, addresses);
  const row = ANSWER_ROWS.find((row) =>
    (row.status === undefined || row.status.test(String(status))) &&
    (row.words === undefined || row.words.test(words))
  );
  // The last row matches everything.
  if (row === undefined) throw new Error(`no row for HTTP ${status}`);
  return row;
}

/** The rest of a longer response is ignored. */
const MAX_TEXT = 4000;
