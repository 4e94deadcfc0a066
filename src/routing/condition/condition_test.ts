import assert from "node:assert/strict";
import { Condition } from "./condition.ts";
import { ConditionError } from "./error.ts";
import type { Facts } from "./facts.ts";

const FACTS: Facts = {
  roles: ["dev", "db-ro"],
  suggestedReviewers: [],
  user: "alice@example.com",
  requestReason: "INC-4711",
  systemAnnotations: new Map(),
  resources: [new Map([["env", "prod"]])],
  traits: new Map([["team", ["payments"]]]),
};

function decidedBy(text: string): string {
  return Condition.parse(text).evaluate(FACTS).decidedBy;
}

function errorOf(text: string, facts = FACTS): ConditionError {
  try {
    Condition.parse(text).evaluate(facts);
  } catch (error) {
    assert.ok(error instanceof ConditionError);
    return error;
  }
  return assert.fail(`${text} evaluates`);
}

const DEV = 'access_request.spec.roles.contains("dev")';
const OPS = 'access_request.spec.roles.contains("ops")';
const DBA = 'access_request.spec.roles.contains("dba")';

Deno.test("A verdict names the operand of && and || that decided", () => {
  const cases: readonly (readonly [text: string, decidedBy: string])[] = [
    [DEV, DEV],
    [`${DEV} && ${OPS}`, OPS],
    [`${OPS} && ${DEV}`, OPS],
    [`${DEV} || ${OPS}`, DEV],
    [`${OPS} || ${DEV}`, DEV],
    [`${OPS} || ${DBA}`, `${OPS} || ${DBA}`],
    [`${DEV} && !${OPS}`, `${DEV} && !${OPS}`],
    [`(${OPS} || ${DBA}) && ${DEV}`, `${OPS} || ${DBA}`],
    [`${DEV} && (${OPS} || !${DEV})`, `${OPS} || !${DEV}`],
    [`${DEV} && ${DEV} && ${DEV} && ${OPS} && ${DBA}`, OPS],
    [`!(${DEV} && ${OPS})`, OPS],
    [`!!${OPS}`, `!!${OPS}`],
    [
      `ifelse(${DEV} && ${OPS}, true, false) || false`,
      `ifelse(${DEV} && ${OPS}, true, false) || false`,
    ],
    [`false || ifelse(${DEV} && ${DEV}, true, false)`, `ifelse(${DEV} && ${DEV}, true, false)`],
    [`\n  ${DEV} &&\n  user.traits["téam"].contains("ü")\n`, 'user.traits["téam"].contains("ü")'],
    ["user.traits", "user.traits"],
  ];
  for (const [text, expected] of cases) assert.equal(decidedBy(text), expected, text);
});

Deno.test("A condition says which lookups it needs", () => {
  const needs = (text: string) => [...Condition.parse(text).needs].sort();
  assert.deepEqual(needs(DEV), []);
  assert.deepEqual(needs("is_empty(user.traits.team)"), ["traits"]);
  assert.deepEqual(needs('true || is_empty(user.traits["team"])'), ["traits"]);
  const labels = 'access_request.spec.resource_labels_union["env"].contains("prod")';
  assert.deepEqual(needs(labels), ["labels"]);
  assert.deepEqual(needs(`${labels} && is_empty(user.traits.a)`), ["labels", "traits"]);
});

Deno.test("A failed lookup fails only the conditions that read it", () => {
  const facts = {
    ...FACTS,
    traits: { unavailable: "connection refused" },
    resources: { unavailable: "accès refusé" },
  };
  assert.equal(Condition.parse(DEV).evaluate(facts).matches, true);
  assert.equal(Condition.parse(`${DEV} || is_empty(user.traits.a)`).evaluate(facts).matches, true);
  const error = errorOf(`${DEV} && is_empty(user.traits.a)`, facts);
  assert.equal(error.kind, "unavailable");
  assert.equal(error.reason, "cannot look up user.traits: connection refused");
  assert.match(
    errorOf('is_empty(access_request.spec.resource_labels_union["a"])', facts).message,
    /cannot look up the labels of the requested resources: accès refusé$/,
  );
});

Deno.test("An error says where it is, what was being done, and what is wrong", () => {
  const message = (text: string) => errorOf(text).message;
  assert.equal(message("true &&\n  nope"), '2:3: unknown identifier: "nope"');
  assert.equal(message("(true"), "1:6: expected ')', found newline");
  assert.equal(
    message('set("ü").contains(1)'),
    "1:20: parsing second argument to (contains): expected type string, got value (1) with type (int)",
  );
  assert.equal(
    message('!regexp.match(access_request.spec.roles, "^($")'),
    "evaluating target of (!) operator: evaluating function (regexp.match): " +
      'invalid regular expression "^($": error parsing regexp: missing closing ): `^($`',
  );
  assert.equal(message(""), "empty expression");
});

Deno.test("Conditions beyond the limits of depth, size and steps fail with a clear error", () => {
  const nest = (n: number) => "(".repeat(n) + "true" + ")".repeat(n);
  assert.equal(Condition.parse(nest(499)).evaluate(FACTS).matches, true);
  assert.equal(errorOf(nest(501)).message, "1:502: exceeded max nesting depth of 500");
  for (
    const deep of [
      "set()" + '.add("a")'.repeat(100_000),
      "ifelse(true, ".repeat(20_000) + "true" + ", false)".repeat(20_000),
      "true && (".repeat(50_000) + "true" + ")".repeat(50_000),
      "[]".repeat(100_000) + "int",
      "a[".repeat(100_000) + '"b"' + "]".repeat(100_000),
      "a{".repeat(100_000) + "}".repeat(100_000),
      "func() ".repeat(100_000) + "int",
    ]
  ) {
    assert.match(errorOf(deep).message, /exceeded max nesting depth of 500$/);
  }
  // Chains are not nested.
  assert.equal(Condition.parse("!".repeat(100_000) + "true").evaluate(FACTS).matches, true);
  assert.equal(Condition.parse("true && ".repeat(100_000) + "true").evaluate(FACTS).matches, true);
  assert.match(errorOf("1+".repeat(100_000) + "1").message, /\+ is not supported$/);
  assert.match(errorOf("a" + ".b".repeat(100_000)).message, /unknown identifier/);

  assert.equal(
    errorOf(`${" ".repeat(1_048_576)}true`).message,
    "the condition is longer than 1048576 bytes",
  );
  const grown = "strings.replaceall(".repeat(50) + '"aaaaaaaa"' +
    ', "a", "aaaaaaaaaa")'.repeat(50) + ' == "x"';
  assert.match(errorOf(grown).message, /the condition takes more than 1000000 steps$/);
  const repeats = `regexp.match(access_request.spec.roles, "^${"[a-z]{1000}".repeat(100)}$")`;
  assert.match(errorOf(repeats).message, /the condition takes more than 1000000 steps$/);
  assert.match(
    errorOf('regexp.match(set("a"), "^(((a{10}){10}){10}){10}$")').message,
    /invalid repeat count: `\{10\}`$/,
  );
});

Deno.test("Evaluation does not change the facts", () => {
  const text = 'access_request.spec.roles.add("x").remove("dev").contains("x") && ' +
    'user.traits.put("team", set("y")).add_values("team", "z").remove("team") == "never"';
  assert.match(errorOf(text).message, /expected type string/);
  assert.deepEqual(FACTS.roles, ["dev", "db-ro"]);
  assert.equal(
    Condition.parse('user.traits.team.contains("payments")').evaluate(FACTS).matches,
    true,
  );
});

Deno.test("The language imports nothing but its own directory and the RE2 library", async () => {
  const folder = new URL("./", import.meta.url);
  for (const sub of ["", "syntax/", "library/"]) {
    for await (const { name } of Deno.readDir(new URL(sub, folder))) {
      if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
      const source = await Deno.readTextFile(new URL(sub + name, folder));
      for (const [, from = ""] of source.matchAll(/^(?:import|export) [^]*? from "([^"]+)";$/gm)) {
        const isOwn = new URL(from, new URL(sub, folder)).href.startsWith(folder.href);
        assert.ok(from === "re2js" || isOwn, `${sub}${name} imports ${from}`);
      }
    }
  }
});
