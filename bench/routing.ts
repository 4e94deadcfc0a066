/** How long the rules of a cluster take for one request: `deno run -A bench/routing.ts [rules]`. */

import { cpuUsage } from "node:process";
import { decide } from "../src/routing/decision.ts";
import { routingPolicy } from "../src/routing/policy.ts";
import { readRule, type Rule } from "../src/routing/rules/rule.ts";
import { FactValues } from "../src/routing/condition/facts.ts";

/** As operators write them: none matches, so that all of each is looked at. */
const CONDITIONS: readonly ((n: number) => string)[] = [
  (n) => `access_request.spec.roles.contains("dev-${n}")`,
  (n) => `contains_any(user.traits["team"], set("team-${n}", "others-${n}"))`,
  (n) =>
    `access_request.spec.resource_labels_intersection["env"].contains("prod-${n}") && ` +
    `!access_request.spec.roles.contains("admin")`,
  (n) => `regexp.match(set(access_request.spec.user), "^svc-${n}-[a-z]+@example\\\\.com$")`,
  (n) =>
    `contains_all(set("prod-${n}", "access", "ops"), access_request.spec.roles) || ` +
    `access_request.spec.request_reason == "incident ${n}"`,
];

const facts = {
  roles: ["access", "dev"],
  user: "alice@example.com",
  requestReason: "because of the incident",
  suggestedReviewers: ["bob@example.com"],
  creationTime: 1_754_913_600_000_000_000n,
  expiry: 1_754_935_200_000_000_000n,
  systemAnnotations: new Map(),
  traits: new Map([["team", ["Mobile", "Payments"]], ["level", ["3"]]]),
  resources: [new Map([["env", "prod"], ["team", "mobile"]]), new Map([["env", "prod"]])],
};

function rules(count: number): readonly Rule[] {
  return Array.from({ length: count }, (_, n) => {
    const condition = CONDITIONS[n % CONDITIONS.length]?.(n) ?? "";
    const reading = readRule({
      name: `rule-${n}`,
      subjects: ["access_request"],
      states: [],
      desiredState: "",
      condition,
      notification: { name: "email", recipients: [`team-${n}@example.com`] },
      schedules: new Map(),
    });
    if (reading.applies) return reading.rule;
    throw new Error(reading.why);
  });
}

const [count = "1000"] = Deno.args;
const policy = routingPolicy({
  roleToRecipients: new Map([["*", ["all@example.com"]]]),
  routes: [],
  precedence: "rules",
  hasStrictSchedules: false,
  isAddress: (address) => address.includes("@"),
});
const all = rules(Number(count));
const request = { user: facts.user, roles: ["access", "dev"], suggestedReviewers: [] };
const tookMs: number[] = [];
const cpuMs: number[] = [];
for (let round = 0; round < 200; round++) {
  const startMs = performance.now();
  const cpu = cpuUsage();
  const { trace } = await decide(policy, {
    request,
    rules: all,
    facts: new FactValues(facts),
  });
  tookMs.push(performance.now() - startMs);
  const { user, system } = cpuUsage(cpu);
  cpuMs.push((user + system) / 1000);
  if (trace.decidedBy !== "map" || trace.rules.some(({ error }) => error !== undefined)) {
    throw new Error(JSON.stringify(trace.rules.find(({ error, matched }) => matched || error)));
  }
}
const at = (values: readonly number[], part: number) =>
  (values.toSorted((a, b) => a - b)[Math.floor(part * (values.length - 1))] ?? 0).toFixed(1);
// deno-lint-ignore no-console -- for the person who measures
console.log(
  `${count} rules for one request: median ${at(tookMs, 0.5)} ms, ` +
    `${at(cpuMs, 0.5)} ms of processor time; the first ${tookMs[0]?.toFixed(1)} ms`,
);
