/** Expressions from a grammar of the language, and of what people mistake for it. */

import assert from "node:assert/strict";
import process from "node:process";
import fc from "fast-check";
import { Condition } from "./condition.ts";
import { ConditionError } from "./error.ts";
import type { Facts } from "./facts.ts";

const SEED = 20_250_811;
const EXPRESSIONS = 10_000;
const MAX_MS = 10;
/** A collection of garbage may fall into a run, but not into each of many. */
const TRIES = 10;

const FACTS: Facts = {
  roles: ["dev", "prod-ro", "ключ", "__proto__"],
  suggestedReviewers: ["bob@example.com"],
  user: "alice@example.com",
  requestReason: "INC-4711:\nneed it " + "x".repeat(500),
  creationTime: 1_754_922_600_000_000_000n,
  systemAnnotations: new Map([["services", ["billing"]]]),
  resources: [new Map([["env", "prod"]]), new Map([["env", "prod"], ["team", "db"]])],
  traits: new Map([["team", ["dev", "ops"]], ["email", ["a@b.c", "Bob <bob@b.c>"]]]),
};

const STRINGS = [
  '"dev"',
  '"prod-*"',
  '"^(a|b)*$"',
  '"^(a*)*(x+)+$"',
  '"^[\\\\pL]{9}$"',
  '"^(.*){30}$"',
  "`\\d+`",
  '"$1"',
  '""',
  '"2025-08-11T14:30:00Z"',
  '"1.2.3-rc.1"',
  '"\\xff"',
  '"\\u00e9"',
  '"\\q"',
  "'a'",
  '"open',
  '"a b"@example.com',
];
const NAMES = [
  "access_request.spec.roles",
  "access_request.spec.suggested_reviewers",
  "access_request.spec.user",
  "access_request.spec.request_reason",
  "access_request.spec.creation_time",
  "access_request.spec.expiry",
  "access_request.spec.system_annotations",
  "access_request.spec.resource_labels_union",
  "access_request.spec.resource_labels_intersection",
  "user.traits",
  "user.traits.team",
  "user.traits.a.b",
  "true",
  "false",
  "nil",
  "type",
  "__proto__",
  "0",
  "9223372036854775808",
  "1.5",
  "[]string{}",
];
const FUNCTIONS =
  ("set union pair dict ifelse option choose contains_any contains_all is_empty strings.upper " +
    "strings.lower strings.replaceall strings.split email.local regexp.match regexp.replace " +
    "time.RFC3339 before after between newer_than older_than constructor equals").split(" ");
const METHODS =
  ("contains contains_any contains_all isempty add remove put add_values before after between " +
    "toString is_empty").split(" ");
const OPERATORS = ["&&", "||", "==", "!=", "+", "<", "=", "&&\n", "\n&&"];

/** Anything goes, in the shape of an expression. */
const { untyped } = fc.letrec<{ untyped: string }>((tie) => ({
  untyped: fc.oneof(
    { maxDepth: 6, depthSize: "medium" },
    fc.constantFrom(...STRINGS, ...NAMES),
    fc.string({ maxLength: 8, unit: "binary" }),
    fc.tuple(tie("untyped"), fc.constantFrom(...OPERATORS), tie("untyped"))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc.tuple(fc.constantFrom(...FUNCTIONS), fc.array(tie("untyped"), { maxLength: 3 }))
      .map(([name, args]) => `${name}(${args.join(", ")})`),
    fc.tuple(
      tie("untyped"),
      fc.constantFrom(...METHODS),
      fc.array(tie("untyped"), { maxLength: 2 }),
    ).map(([receiver, name, args]) => `${receiver}.${name}(${args.join(", ")})`),
    tie("untyped").map((x) => `!${x}`),
    tie("untyped").map((x) => `(${x})`),
    fc.tuple(tie("untyped"), tie("untyped")).map(([a, b]) => `${a}[${b}]`),
  ),
}));

/** A template with an arbitrary for each `%`. */
function form(template: string, ...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...parts).map((texts) => {
    let i = 0;
    return template.replaceAll("%", () => texts[i++]!);
  });
}

const pattern = fc.constantFrom(...STRINGS.slice(1, 4), ...STRINGS.slice(5, 9), '"x{3}"');
const version = fc.constantFrom('"1.2.3-rc.1"', '"2.0.0"', 'ifelse(true, "0.1.2", "x")');

/** Expressions of the right types, which are evaluated. */
const { bool } = fc.letrec<Record<"bool" | "set" | "string" | "dict" | "time", string>>((tie) => {
  const [bool, set, string] = [tie("bool"), tie("set"), tie("string")];
  const [dict, time] = [tie("dict"), tie("time")];
  const options = { maxDepth: 7, depthSize: "medium" } as const;
  return {
    bool: fc.oneof(
      options,
      fc.constantFrom("true", "false"),
      form("(% && %)", bool, bool),
      form("(% || %)", bool, bool),
      form("!%", bool),
      form("% == %", string, string),
      form("%.contains(%)", set, string),
      form("%.contains_all(%)", set, set),
      form("contains_any(%, %)", set, set),
      form("is_empty(%)", set),
      form("regexp.match(%, %)", set, pattern),
      form("between(%, %, %)", time, time, time),
      form("newer_than(%, %)", version, version),
      form("ifelse(%, %, %)", bool, bool, bool),
      form("choose(option(%, %), option(true, %))", bool, bool, bool),
    ),
    set: fc.oneof(
      options,
      fc.constantFrom("access_request.spec.roles", "set()", 'set("a", "b")', "user.traits.email"),
      form("set(%, %)", string, string),
      form("union(%, %)", set, set),
      form("%.add(%).remove(%)", set, string, string),
      form("user.traits[%]", string),
      form("strings.upper(%)", set),
      form("strings.replaceall(%, %, %)", set, string, string),
      form("strings.split(%, %)", set, string),
      fc.constant("email.local(user.traits.email)"),
      form("regexp.replace(%, %, %)", set, pattern, string),
      form("ifelse(%, %, %)", bool, set, set),
    ),
    string: fc.oneof(
      options,
      fc.constantFrom(...STRINGS.slice(0, 13)),
      fc.constantFrom("access_request.spec.user", "access_request.spec.request_reason"),
      fc.string({ maxLength: 6 }).map((text) => JSON.stringify(text)),
      form("strings.lower(%)", string),
      form("strings.replaceall(%, %, %)", string, string, string),
      form("ifelse(%, %, %)", bool, string, string),
    ),
    dict: fc.oneof(
      options,
      fc.constantFrom("user.traits", "access_request.spec.resource_labels_union", "dict()"),
      form("dict(pair(%, %))", string, set),
      form("%.put(%, %)", dict, string, set),
      form("%.add_values(%, %)", dict, string, string),
    ),
    time: fc.oneof(
      options,
      fc.constantFrom("access_request.spec.creation_time", "access_request.spec.expiry"),
      fc.constant('time.RFC3339("2025-08-11T16:30:00.5+02:00")'),
    ),
  };
});

/**
 * Processor time in milliseconds: of this thread, as other tests run in others (proc(5): nanoseconds, first
 * of all); where the kernel does not count that, of the process.
 */
function processorMs(): number {
  try {
    const [ns] = Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ");
    return Number(ns) / 1_000_000;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}

/** How long it takes to read and evaluate a text. */
function measure(text: string, evaluate: () => void): number {
  const startMs = processorMs();
  try {
    evaluate();
  } catch (error) {
    assert.ok(error instanceof ConditionError, `${text} -> ${error}`);
    assert.notEqual(error.reason, "");
  }
  return processorMs() - startMs;
}

Deno.test("A condition evaluates, or fails with an error of its own, and soon", () => {
  let evaluated = 0;
  fc.assert(
    fc.property(fc.oneof(untyped, bool), (text) => {
      const evaluate = () => {
        const { steps } = Condition.parse(text).evaluate(FACTS);
        assert.ok(steps <= 1_000_000);
        evaluated++;
      };
      const times: number[] = [];
      do times.push(measure(text, evaluate)); while (
        times.at(-1)! > MAX_MS && times.length < TRIES
      );
      assert.ok(Math.min(...times) <= MAX_MS, `${times} ms for ${text}`);
    }),
    { seed: SEED, numRuns: EXPRESSIONS, endOnFailure: true },
  );
  assert.ok(evaluated > EXPRESSIONS / 4, `${evaluated} were evaluated`);
});
