/** Rules of a cluster for tests. */

import type { AccessMonitoringRule } from "../../teleport/rules/rule.ts";

/** A rule about access requests that notifies this plugin. */
export function aRule(
  name: string,
  condition: string,
  recipients: readonly string[] = [`${name}@x.org`],
): AccessMonitoringRule {
  return {
    name,
    subjects: ["access_request"],
    states: [],
    condition,
    notification: { name: "email", recipients },
    desiredState: "",
    schedules: new Map(),
  };
}
