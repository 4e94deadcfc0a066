/** Calls that list access monitoring rules. */

import { AccessMonitoringRulesService } from "../generated/access_monitoring_rules_pb.ts";
import { type AccessMonitoringRule, readRule } from "../rules/rule.ts";
import { type Caller, LIST_TIMEOUT_MS } from "./caller.ts";

/** The page size of Teleport's own plugins; servers may send shorter pages. */
const PAGE_SIZE = 1000n;

/**
 * The rules about access requests that notify `plugin`.
 *
 * @throws {ClusterError}
 */
export async function listRules(
  caller: Caller,
  plugin: string,
  signal: AbortSignal,
): Promise<readonly AccessMonitoringRule[]> {
  const action = "list access monitoring rules";
  const method = AccessMonitoringRulesService.method.listAccessMonitoringRulesWithFilter;
  return await caller.pages(action, async (pageToken) => {
    const request = {
      pageSize: PAGE_SIZE,
      pageToken,
      subjects: ["access_request"],
      notificationName: plugin,
    };
    const options = { action, timeoutMs: LIST_TIMEOUT_MS, signal };
    const page = await caller.unary(method, request, options);
    const items = page.rules.flatMap((rule) => readRule(rule) ?? []);
    return { items, next: page.nextPageToken };
  });
}
