/** Selects the suggested reviewers that become recipients. */

import { truncate } from "../text.ts";
import type { LogFields } from "../log.ts";
import { isInDomains } from "./allowed_domains.ts";
import { type Emails, MAX_ADDRESS_LENGTH, type RecipientList } from "./recipient_list.ts";
import type { Notice } from "./router.ts";
import type { ReviewerTrace } from "./trace.ts";

/** Requesters name any number of reviewers; the mails of one request have to stay bounded. */
const MAX_SUGGESTED = 100;

const INVALID = "not an email address";
const OUTSIDE = "outside of delivery.allowed_domains";

/** The configuration that selects them. */
export interface ReviewerPolicy {
  /** Domains allowed for suggested reviewers, as in {@linkcode isInDomains}; absent = any. */
  readonly allowedDomains?: readonly string[];
  /** Addresses of the configuration, in lower case: allowed in every domain. */
  readonly configured: ReadonlySet<string>;
}

/** Adds the reviewers to the recipients of `emails`. Notices name those who are left out. */
export function addSuggestedReviewers(
  list: RecipientList,
  suggested: readonly string[],
  because: string,
  emails: Emails,
  { allowedDomains, configured }: ReviewerPolicy,
): { readonly traces: readonly ReviewerTrace[]; readonly notices: readonly Notice[] } {
  const unique = [...new Map(suggested.toReversed().map((r) => [r.toLowerCase(), r])).values()];
  const reviewers = unique.toReversed().slice(0, MAX_SUGGESTED);
  const isAllowed = (reviewer: string) =>
    allowedDomains === undefined || configured.has(reviewer.toLowerCase()) ||
    isInDomains(reviewer, allowedDomains);
  const traces = reviewers.map((reviewer): ReviewerTrace => {
    const leftOut = !list.isAddress(reviewer) ? INVALID : isAllowed(reviewer) ? undefined : OUTSIDE;
    if (leftOut === undefined) list.add(reviewer, because, emails);
    else list.leaveOut(reviewer, because, leftOut);
    return leftOut === undefined ? { reviewer } : { reviewer, leftOut };
  });
  const leftOutAs = (reason: string) =>
    traces.filter(({ leftOut }) => leftOut === reason).map(({ reviewer }) => reviewer);
  const outside = leftOutAs(OUTSIDE);
  const notices = [
    ...leftOutAs(INVALID).map((reviewer) => ({
      message: "Failed to notify a suggested reviewer with an invalid email address",
      fields: { reviewer: truncate(reviewer, MAX_ADDRESS_LENGTH) },
    })),
    ...noticeIf(
      "Suggested reviewers outside of delivery.allowed_domains are not notified",
      outside.length,
      { reviewers: outside },
    ),
    ...noticeIf(
      `More than ${MAX_SUGGESTED} suggested reviewers, the first ${MAX_SUGGESTED} are notified`,
      unique.length - reviewers.length,
    ),
  ];
  return { traces, notices };
}

function noticeIf(message: string, leftOut: number, fields: LogFields = {}): readonly Notice[] {
  return leftOut === 0 ? [] : [{ message, fields: { left_out: leftOut, ...fields } }];
}
