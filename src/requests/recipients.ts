/** Who is to be told of a request (upstream.md §5.5). */

import type { AccessRequest } from "../teleport/access_request.ts";

export interface RecipientRules {
  /** Role name, or `*` for roles without an entry of their own. */
  readonly roleToRecipients: ReadonlyMap<string, readonly string[]>;
  /** Whether a text is a mail address on its own, without a display name. */
  readonly isAddress: (text: string) => boolean;
}

export interface Recipients {
  /** In a stable order: by role as requested, then suggested reviewers; each address once. */
  readonly addresses: readonly string[];
  /** Suggested reviewers that are no mail addresses. */
  readonly invalid: readonly string[];
}

/**
 * The list of every requested role, the `*` list for each role without one, and the suggested
 * reviewers. Two spellings of an address that differ in case only are one recipient: hardly any mail
 * server tells them apart, and nobody is mailed twice. The first spelling stays.
 */
export function recipientsOf(request: AccessRequest, rules: RecipientRules): Recipients {
  const fallback = rules.roleToRecipients.get("*") ?? [];
  const candidates = request.roles.flatMap((role) => {
    const own = rules.roleToRecipients.get(role);
    return own === undefined || own.length === 0 ? fallback : own;
  });
  const addresses = new Map<string, string>();
  const invalid: string[] = [];
  for (const candidate of [...candidates, ...request.suggestedReviewers]) {
    const key = candidate.toLowerCase();
    if (!rules.isAddress(candidate)) invalid.push(candidate);
    else if (!addresses.has(key)) addresses.set(key, candidate);
  }
  return { addresses: [...addresses.values()], invalid: [...new Set(invalid)] };
}
