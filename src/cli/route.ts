/** `teleport-email route`: who would be mailed about a request, and why. */

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
 * The trace of the daemon's own decision, then the addresses. There always is one: a configuration
 * without recipients for `*` does not load.
 */
function explainRoute(
  { roles, reviewers }: Pick<RouteOptions, "roles" | "reviewers">,
  config: Pick<Config, "roleToRecipients" | "delivery">,
): readonly string[] {
  const { recipients, trace } = recipientsOf(
    { roles, suggestedReviewers: reviewers },
    recipientRules(config),
  );
  const requester = config.delivery.notifyRequester
    ? [
      "The requester is mailed, too, if their name is an email address (delivery.notify_requester).",
    ]
    : [];
  return [
    ...trace.map(({ subject, recipients, reason }) =>
      `${subject} -> ${recipients.length === 0 ? "nobody" : recipients.join(", ")} (${reason})`
    ),
    `Mailed, each once: ${recipients.join(", ")}`,
    ...requester,
  ];
}
