/** A router without rules and routes, and decisions made up, for the tests of other folders. */

import type { Runtime } from "../../runtime.ts";
import { routingPolicy, type RoutingSettings } from "../policy.ts";
import { NO_RULES, RuleRouter } from "../rule_router.ts";
import type { Routed, Router } from "../router.ts";
import { ROUTED_EVENTS, type RoutingTrace } from "../trace.ts";

/** Routes by the role map and suggested reviewers; asks no cluster. */
export function roleRouter(
  settings: Pick<RoutingSettings, "roleToRecipients" | "isAddress">,
  { clock }: Pick<Runtime, "clock">,
): Router {
  const policy = routingPolicy({
    ...settings,
    routes: [],
    precedence: "rules",
    hasStrictSchedules: false,
  });
  const unused = () => Promise.reject(new Error("nothing is looked up"));
  const cluster = { readTraits: unused, listResources: unused, listAccessListOwners: unused };
  return new RuleRouter(policy, { clock, rules: NO_RULES, cluster });
}

/** A decision for these recipients. */
export function routedTo(...recipients: readonly string[]): Routed {
  const trace: RoutingTrace = {
    decidedBy: "map",
    rules: [],
    routes: [],
    roles: [],
    reviewers: [],
    recipients: recipients.map((address) => ({
      address,
      because: "a test",
      emails: ROUTED_EVENTS,
    })),
    leftOut: [],
  };
  return { recipients, notices: [], trace };
}
