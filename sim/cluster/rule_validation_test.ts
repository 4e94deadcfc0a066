import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { AccessMonitoringRuleSchema } from "../../src/teleport/generated/access_monitoring_rules_pb.ts";
import { buildRule, type NewRule } from "./rule_store.ts";
import { checkRule } from "./rule_validation.ts";

const REVIEW = { integration: "builtin", decision: "APPROVED" };
const SHIFT = { weekday: "Monday", start: "09:00", end: "17:00" };

/** The wrapped errors, "" for a rule that is taken. */
function fault(rule: Partial<NewRule>): string {
  try {
    checkRule(buildRule({ name: "r", recipients: ["a@x.org"], ...rule }));
    return "";
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message.replaceAll("\n\t", " > ");
  }
}

function scheduleFault(shift: Partial<typeof SHIFT>): string {
  return fault({ schedules: { s: { shifts: [{ ...SHIFT, ...shift }] } } })
    .replace("validating spec.schedules > validating spec.schedules[s].time > ", "");
}

Deno.test("checkRule() accepts what a server accepts, useful or not", () => {
  const taken: readonly Partial<NewRule>[] = [
    {},
    { recipients: ["#channel", ""], states: ["nonsense"] },
    { condition: "access_request.spec.roles" },
    { condition: "anything at all", subjects: ["user"], notification: "" },
    { notification: "", automaticReview: REVIEW, desiredState: "reviewed" },
    { schedules: { s: { timezone: "Mars/Phobos", shifts: [{ ...SHIFT, weekday: "mon" }] } } },
    { schedules: { s: { shifts: [{ ...SHIFT, weekday: "FRIDAY", start: "9:00" }] } } },
  ];
  for (const rule of taken) assert.equal(fault(rule), "", JSON.stringify(rule));
});

Deno.test("checkRule() refuses with the server's text", () => {
  const refused: readonly [Partial<NewRule>, string][] = [
    [{ subjects: [] }, "accessMonitoringRule subject is missing"],
    [{ condition: "" }, "accessMonitoringRule condition is missing"],
    [
      { condition: "nope" },
      'accessMonitoringRule condition is invalid: parsing expression > unknown identifier: "nope"',
    ],
    [
      { desiredState: "Reviewed" },
      'accessMonitoringRule desired_state "Reviewed" is not supported',
    ],
    [
      { notification: "" },
      "one of notification or automatic_review must be configured if subjects contain " +
      '"access_request"',
    ],
    [
      { automaticReview: { ...REVIEW, integration: "" } },
      "accessMonitoringRule automatic_review integration is missing",
    ],
    [
      { automaticReview: { ...REVIEW, decision: "" } },
      "accessMonitoringRule automatic_review decision is missing",
    ],
    [
      { automaticReview: { ...REVIEW, decision: "MAYBE" } },
      'accessMonitoringRule automatic_review decision "MAYBE" is not supported',
    ],
    [{ schedules: { s: null } }, "validating spec.schedules > spec.schedules[s].time is required"],
    [
      { schedules: { s: {} } },
      "validating spec.schedules > validating spec.schedules[s].time > at least one shift is required",
    ],
  ];
  for (const [rule, words] of refused) assert.equal(fault(rule), words);
  const bare = create(AccessMonitoringRuleSchema, {
    kind: "access_monitoring_rule",
    version: "v2",
    metadata: { name: "r" },
    spec: {},
  });
  assert.throws(() => checkRule(bare), /version "v2" is not supported/);
  bare.version = "v1";
  bare.spec = { ...buildRule({ name: "r" }).spec ?? assert.fail(), subjects: ["user"] };
  bare.spec.notification = { ...bare.spec.notification ?? assert.fail(), name: "" };
  assert.throws(() => checkRule(bare), /notification plugin name is missing/);
});

Deno.test("checkRule() reads weekdays and clocks as Go does", () => {
  assert.equal(scheduleFault({ weekday: "" }), "shift is invalid > failed to parse weekday: ");
  assert.equal(
    scheduleFault({ weekday: "Funday" }),
    "shift is invalid > failed to parse weekday: Funday",
  );
  const start = "shift is invalid > invalid start time > parsing time ";
  assert.equal(scheduleFault({ start: "24:00" }), `${start}"24:00": hour out of range`);
  assert.equal(scheduleFault({ start: "09:60" }), `${start}"09:60": minute out of range`);
  assert.equal(scheduleFault({ start: "09:00:00" }), `${start}"09:00:00": extra text: ":00"`);
  assert.match(scheduleFault({ start: "nine" }), /cannot parse "nine" as "15"$/);
  assert.match(scheduleFault({ start: "09:0" }), /cannot parse "0" as "04"$/);
  assert.match(scheduleFault({ start: "0900" }), /cannot parse "00" as ":"$/);
  assert.match(scheduleFault({ end: "25:00" }), /invalid end time > .* hour out of range$/);
  assert.equal(
    scheduleFault({ end: "09:00" }),
    "shift is invalid > start time must be before end time",
  );
});

Deno.test("checkRule() checks the syntax of conditions and the names in them", () => {
  const taken = [
    'access_request.spec.roles.contains("dev") && !is_empty(access_request.spec.suggested_reviewers)',
    'contains_any(user.traits["team"], set("a", "b",))',
    "user.traits.team.contains(`x`) ||\n true",
    'regexp.match(access_request.spec.roles, "^dev-.*$")',
    'access_request.spec.creation_time.before(time.RFC3339("2026-01-01T00:00:00Z"))',
    "(true) // why\n",
    'ifelse(true, access_request.spec.user, "x") == "x"',
    'access_request.spec.resource_labels_union["env"].contains_any(set("prod")...)',
  ];
  for (const condition of taken) assert.equal(fault({ condition }), "", condition);
  const refused = [
    "true &&",
    "true\n&& true",
    "(true",
    "true)",
    "a ? b : c",
    "'x'",
    "true;",
    'set("a',
    'equals(access_request.spec.user, "x")',
    'access_request.spec.roles.has("dev")',
    "user.traits.a.b",
    "access_request.spec.nope",
    'set("a").b',
    "",
  ];
  for (const condition of refused) assert.notEqual(fault({ condition }), "", condition);
});
