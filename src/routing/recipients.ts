/** Who is to be told of a request (original.md §5.5). */

import { truncate } from "../cut.ts";
import type { LogFields } from "../log.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { isInDomains } from "./allowed_domains.ts";

/** Users name reviewers as they like: one request must not become mails without end. */
const MAX_SUGGESTED = 100;

/** RFC 5321 §4.5.3.1.3, without the angle brackets. */
const MAX_ADDRESS_LENGTH = 254;

export interface RecipientRules {
  /** Role name, or `*` for roles without an entry of their own. */
  readonly roleToRecipients: ReadonlyMap<string, readonly string[]>;
  /** Whether a text is a mail address on its own, without a display name. */
  readonly isAddress: (text: string) => boolean;
  /** Where the addresses that users name may be, as in {@linkcode isInDomains}; absent = anywhere. */
  readonly allowedDomains?: readonly string[];
}

/** Something about suggested reviewers that the operator should know, to be logged once. */
export interface Complaint {
  readonly message: string;
  readonly fields: LogFields;
}

export interface Recipients {
  /** In a stable order: by role as requested, then suggested reviewers; each address once. */
  readonly addresses: readonly string[];
  readonly complaints: readonly Complaint[];
}

/**
 * The list of every requested role, the `*` list for each role without one, and the suggested
 * reviewers. Two spellings of an address that differ in case only are one recipient: hardly any mail
 * server tells them apart, and nobody is mailed twice. The first spelling stays.
 */
export function recipientsOf(
  request: Pick<AccessRequest, "roles" | "suggestedReviewers">,
  rules: RecipientRules,
): Recipients {
  const fallback = rules.roleToRecipients.get("*") ?? [];
  const ofRoles = request.roles.flatMap((role) => {
    const own = rules.roleToRecipients.get(role);
    return own === undefined || own.length === 0 ? fallback : own;
  });
  const suggested = [...unique(request.suggestedReviewers).values()];
  const reviewers = suggested.slice(0, MAX_SUGGESTED);
  const addresses = reviewers.filter((reviewer) =>
    reviewer.length <= MAX_ADDRESS_LENGTH && rules.isAddress(reviewer)
  );
  const mailed = addresses.filter(mailable(rules));
  const invalid = reviewers.filter((reviewer) => !addresses.includes(reviewer));
  return {
    addresses: [...unique([...ofRoles, ...mailed]).values()],
    complaints: [
      ...invalid.map((reviewer) => ({
        message: "Failed to notify a suggested reviewer with an invalid email address",
        fields: { reviewer: truncate(reviewer, MAX_ADDRESS_LENGTH) },
      })),
      ...complain(
        "Suggested reviewers outside of delivery.allowed_domains are not mailed",
        addresses.length - mailed.length,
        { reviewers: addresses.filter((address) => !mailed.includes(address)) },
      ),
      ...complain(
        `More than ${MAX_SUGGESTED} suggested reviewers, the first ${MAX_SUGGESTED} are mailed`,
        suggested.length - reviewers.length,
      ),
    ],
  };
}

/** What the operator wrote down is mailed wherever it is, also when a user names it. */
function mailable({ allowedDomains, roleToRecipients }: RecipientRules) {
  if (allowedDomains === undefined) return () => true;
  const written = unique([...roleToRecipients.values()].flat());
  return (address: string) =>
    written.has(address.toLowerCase()) || isInDomains(address, allowedDomains);
}

function unique(addresses: readonly string[]): ReadonlyMap<string, string> {
  const spellings = new Map<string, string>();
  for (const address of addresses) {
    const key = address.toLowerCase();
    if (!spellings.has(key)) spellings.set(key, address);
  }
  return spellings;
}

function complain(message: string, leftOut: number, fields: LogFields = {}): readonly Complaint[] {
  return leftOut === 0 ? [] : [{ message, fields: { left_out: leftOut, ...fields } }];
}
