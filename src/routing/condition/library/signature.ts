/** What a function or method of the language looks like. */

import type { Budget } from "../budget.ts";
import { ConditionError, type ErrorKind } from "../error.ts";
import type { Parameter, Type, Value } from "../values.ts";

export interface Signature {
  readonly parameters: readonly Parameter[];
  /** The type of any number of further arguments; absent when there are none. */
  readonly rest?: Parameter;
  readonly result: Type;
  /**
   * Arguments have the types of their parameters.
   * @throws {ConditionError} of stage `evaluate`.
   */
  // deno-lint-ignore no-explicit-any
  readonly call: (args: any, budget: Budget) => Value;
}

/** An error of stage `evaluate`. */
export function evaluateError(
  kind: ErrorKind,
  reason: string,
  trail: readonly string[] = [],
): ConditionError {
  return new ConditionError("evaluate", kind, reason, { trail });
}
