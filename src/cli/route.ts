/** `teleport-email route`: who would be mailed about a request, and why. */

import { systemClock } from "../clock.ts";
import { routingPolicyOf } from "../daemon/routing_policy.ts";
import { NO_RULES, RuleRouter } from "../routing/rule_router.ts";
import type { CliIo, RouteOptions } from "./commands.ts";
import { loadConfigOrReport } from "./read_config.ts";
import { explain } from "./route/explain.ts";

/** Prints a line for each role and reviewer, then the addresses; returns the exit code. */
export async function route(options: RouteOptions, io: CliIo): Promise<number> {
  const config = await loadConfigOrReport(options.config, io);
  if (config === undefined) return 2;
  const policy = routingPolicyOf(config);
  const unused = () => Promise.reject(new Error("nothing is looked up"));
  const cluster = { readTraits: unused, listResources: unused, listAccessListOwners: unused };
  const router = new RuleRouter(policy, { clock: systemClock, rules: NO_RULES, cluster });
  const { trace } = await router.route({
    id: "",
    user: "",
    roles: options.roles,
    suggestedReviewers: options.reviewers,
    state: "PENDING",
    reason: "",
    resolveReason: "",
    reviews: [],
    resources: [],
    thresholds: [],
    roleThresholds: new Map(),
    systemAnnotations: new Map(),
  }, new AbortController().signal);
  const requester = config.delivery.notifyRequester
    ? [
      "The requester is mailed, too, if their name is an email address (delivery.notify_requester).",
    ]
    : [];
  io.stdout(`${[...explain(trace, policy.roles), ...requester].join("\n")}\n`);
  return 0;
}
