/** The variables that templates see. */

import type { MailData } from "./mail_data.ts";
import { displayAuthor, displayName, displayNames, displayText } from "./sanitize.ts";

const STATUS_EMOJI = {
  PENDING: "\u23F3",
  APPROVED: "\u2705",
  DENIED: "\u274C",
  EXPIRED: "\u231B",
  PROMOTED: "\u2705",
} as const;

/** Reviews have an emoji only for these two (original.md §6.4). */
const REVIEW_EMOJI: Readonly<Record<string, string>> = {
  APPROVED: STATUS_EMOJI.APPROVED,
  DENIED: STATUS_EMOJI.DENIED,
};

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/**
 * Values of one mail. Every name is always there, so that a misspelt one is an error; what is not
 * given is null, so that `{% if reason %}` reads as expected (in Liquid an empty string is true).
 */
export interface TemplateScope {
  readonly id: string;
  readonly cluster: string;
  readonly user: string | null;
  readonly roles: readonly string[] | null;
  readonly reason: string | null;
  readonly link: string | null;
  readonly status: {
    readonly state: string;
    readonly emoji: string;
    readonly reason: string | null;
  };
  /** A sentence that takes back an earlier mail; null in all others. */
  readonly correction: string | null;
  readonly review: {
    readonly author: string;
    readonly created: string | null;
    readonly state: string;
    readonly emoji: string;
    readonly reason: string | null;
  };
}

/** Names inside the variables that have any, to check templates with. */
export const SCOPE_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  status: ["state", "emoji", "reason"],
  review: ["author", "created", "state", "emoji", "reason"],
};

/** Turns facts into template variables; what users wrote is made fit to be shown. */
export function templateScope(facts: MailData): TemplateScope {
  const { review } = facts;
  return {
    id: displayName(facts.id),
    cluster: displayName(facts.cluster),
    user: displayName(facts.user) || null,
    roles: facts.roles === undefined ? null : displayNames(facts.roles),
    reason: displayText(facts.reason) || null,
    link: facts.link ?? null,
    status: {
      state: facts.status.state,
      emoji: STATUS_EMOJI[facts.status.state],
      reason: displayText(facts.status.reason) || null,
    },
    correction: facts.isCorrection
      ? "An earlier email said that this request had expired. It had not."
      : null,
    review: {
      author: displayAuthor(review?.author ?? ""),
      created: review?.createdMs === undefined ? null : goRfc822(review.createdMs),
      state: displayName(review?.state ?? ""),
      emoji: REVIEW_EMOJI[review?.state ?? ""] ?? "",
      reason: displayText(review?.reason ?? "") || null,
    },
  };
}

/** Go's `time.RFC822` in UTC: `02 Jan 06 15:04 MST`; null for what is no time. */
export function goRfc822(timeMs: number): string | null {
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) return null;
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(time.getUTCDate())} ${MONTHS[time.getUTCMonth()]}`;
  const year = two(Math.abs(time.getUTCFullYear()) % 100);
  return `${day} ${year} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())} UTC`;
}
