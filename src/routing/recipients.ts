/** The recipients of a request by `role_to_recipients` and suggested reviewers (original.md §5.5). */

import { truncate } from "../cut.ts";
import type { LogFields } from "../log.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import { isInDomains } from "./allowed_domains.ts";
import type { Notice, Routed, Router, RouteStep } from "./router.ts";

/** Requesters name any number of reviewers; the mails of one request have to stay bounded. */
const MAX_SUGGESTED = 100;

/** RFC 5321 §4.5.3.1.3, without the angle brackets. */
const MAX_ADDRESS_LENGTH = 254;

/** The configuration that decides about recipients. */
export interface RecipientRules {
  /** Role name, or `*` for roles without an entry of their own. */
  readonly roleToRecipients: ReadonlyMap<string, readonly string[]>;
  /** Whether a text is an email address without a display name. */
  readonly isAddress: (text: string) => boolean;
  /** Domains allowed for suggested reviewers, as in {@linkcode isInDomains}; absent = any. */
  readonly allowedDomains?: readonly string[];
}

/** Routes by the role map of the configuration. */
export class RoleRouter implements Router {
  constructor(private readonly rules: RecipientRules) {}

  route(request: AccessRequest): Promise<Routed> {
    return Promise.resolve(recipientsOf(request, this.rules));
  }
}

/**
 * The list of each requested role, the `*` list for each role without one, and the suggested reviewers.
 * Addresses that differ only in case are one recipient, because hardly any mail server distinguishes
 * them; the first spelling is used.
 */
export function recipientsOf(
  request: Pick<AccessRequest, "roles" | "suggestedReviewers">,
  rules: RecipientRules,
): Routed {
  const fromRoles = request.roles.map((role) => roleStep(role, rules));
  const suggested = [...unique(request.suggestedReviewers).values()];
  const reviewers = suggested.slice(0, MAX_SUGGESTED);
  const judge = reviewerJudge(rules);
  const verdicts = reviewers.map((reviewer) => ({ reviewer, verdict: judge(reviewer) }));
  const judged = (wanted: Verdict) =>
    verdicts.filter(({ verdict }) => verdict === wanted).map(({ reviewer }) => reviewer);
  const outside = judged("outside");
  return {
    recipients: [
      ...unique([...fromRoles.flatMap((step) => step.recipients), ...judged("mailed")]).values(),
    ],
    notices: [
      ...judged("invalid").map((reviewer) => ({
        message: "Failed to notify a suggested reviewer with an invalid email address",
        fields: { reviewer: truncate(reviewer, MAX_ADDRESS_LENGTH) },
      })),
      ...noticeIf(
        "Suggested reviewers outside of delivery.allowed_domains are not mailed",
        outside.length,
        { reviewers: outside },
      ),
      ...noticeIf(
        `More than ${MAX_SUGGESTED} suggested reviewers, the first ${MAX_SUGGESTED} are mailed`,
        suggested.length - reviewers.length,
      ),
    ],
    trace: [
      ...fromRoles,
      ...verdicts.map(({ reviewer, verdict }) => ({
        subject: `suggested reviewer '${truncate(reviewer, MAX_ADDRESS_LENGTH)}'`,
        recipients: verdict === "mailed" ? [reviewer] : [],
        reason: REASONS[verdict],
      })),
    ],
  };
}

function roleStep(role: string, { roleToRecipients }: RecipientRules): RouteStep {
  const own = roleToRecipients.get(role) ?? [];
  const subject = `role '${role}'`;
  if (own.length > 0) {
    return { subject, recipients: own, reason: `entry '${role}' of role_to_recipients` };
  }
  const reason = `no entry '${role}' in role_to_recipients, so that of '*'`;
  return { subject, recipients: roleToRecipients.get("*") ?? [], reason };
}

type Verdict = "mailed" | "invalid" | "outside";

const REASONS: Readonly<Record<Verdict, string>> = {
  mailed: "the name is an email address",
  invalid: "the name is not an email address",
  outside: "outside of delivery.allowed_domains",
};

/** Addresses of the configuration are mailed wherever they are, also when a requester names them. */
function reviewerJudge(rules: RecipientRules): (reviewer: string) => Verdict {
  const { allowedDomains, roleToRecipients } = rules;
  const configured = allowedDomains && unique([...roleToRecipients.values()].flat());
  return (reviewer) => {
    if (reviewer.length > MAX_ADDRESS_LENGTH || !rules.isAddress(reviewer)) return "invalid";
    const isAllowed = allowedDomains === undefined || configured?.has(reviewer.toLowerCase()) ||
      isInDomains(reviewer, allowedDomains);
    return isAllowed ? "mailed" : "outside";
  };
}

function unique(addresses: readonly string[]): ReadonlyMap<string, string> {
  const spellings = new Map<string, string>();
  for (const address of addresses) {
    const key = address.toLowerCase();
    if (!spellings.has(key)) spellings.set(key, address);
  }
  return spellings;
}

function noticeIf(message: string, leftOut: number, fields: LogFields = {}): readonly Notice[] {
  return leftOut === 0 ? [] : [{ message, fields: { left_out: leftOut, ...fields } }];
}
