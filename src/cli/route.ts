/** `teleport-email route`: who would be mailed about a request, and why. */

import { isEmailAddress } from "../config/values/address.ts";
import type { Config } from "../config/config.ts";
import { recipientsOf } from "../routing/recipients.ts";
import type { CliIo, RouteOptions } from "./commands.ts";
import { loadConfigOrReport } from "./read_config.ts";
import { recipientRules } from "../daemon/recipient_rules.ts";

/** Prints a line for each role and reviewer, then the addresses; returns the exit code. */
export async function route(options: RouteOptions, io: CliIo): Promise<number> {
  const config = await loadConfigOrReport(options.config, io);
  if (config === undefined) return 2;
  io.stdout(`${explainRoute(options, config).join("\n")}\n`);
  return 0;
}

/**
 * Each line asks for the recipients of its role or reviewer alone, the last for all together. Somebody is
 * always mailed: a configuration without recipients for `*` does not load.
 */
function explainRoute(
  { roles, reviewers }: Pick<RouteOptions, "roles" | "reviewers">,
  config: Pick<Config, "roleToRecipients" | "delivery">,
): readonly string[] {
  const { roleToRecipients, delivery: { notifyRequester } } = config;
  const rules = recipientRules(config);
  const recipients = (roles: readonly string[], suggestedReviewers: readonly string[]) =>
    recipientsOf({ roles, suggestedReviewers }, rules);
  const roleLines = roles.map((role) => {
    const own = (roleToRecipients.get(role) ?? []).length > 0;
    const { addresses } = recipients([role], []);
    const why = own
      ? `entry '${role}' of role_to_recipients`
      : `no entry '${role}' in role_to_recipients, so that of '*'`;
    return `role '${role}' -> ${addresses.join(", ")} (${why})`;
  });
  const reviewerLines = reviewers.map((reviewer) => {
    const isMailed = recipients([], [reviewer]).addresses.length > 0;
    const why = isMailed
      ? "the name is a mail address"
      : isEmailAddress(reviewer)
      ? "outside of delivery.allowed_domains"
      : "the name is no mail address";
    return `suggested reviewer '${reviewer}' -> ${isMailed ? reviewer : "nobody"} (${why})`;
  });
  const { addresses } = recipients(roles, reviewers);
  const requester = notifyRequester
    ? ["The requester is mailed, too, if their name is a mail address (delivery.notify_requester)."]
    : [];
  return [
    ...roleLines,
    ...reviewerLines,
    `Mailed, each once: ${addresses.join(", ")}`,
    ...requester,
  ];
}
