/**
 * The condition language of access monitoring rules: what Teleport's own parser and evaluator make of
 * a text, with limits on size, depth and steps.
 */

import { toByteString, toText } from "./byte_string.ts";
import { check } from "./checker.ts";
import { ConditionError } from "./error.ts";
import { Evaluation, type Expression } from "./expression.ts";
import { type Facts, FactValues, type Lookup } from "./facts.ts";
import { parseExpression } from "./syntax/parser.ts";
import { typeOf } from "./values.ts";

/** Longer texts are refused; a gRPC message of a rule holds no more than four times as much. */
const MAX_BYTES = 1_048_576;

/** What a condition says of one request. */
export interface Verdict {
  /** Whether its value is `true`; a value that is not a boolean is no match. */
  readonly matches: boolean;
  /** The type of its value, such as `bool` or `expression.Set`. */
  readonly type: string;
  /** The sub-expression that decided: all of it, or an operand of its `&&` and `||`. */
  readonly decidedBy: string;
  /** Steps that it took; the limit does not depend on the machine. */
  readonly steps: number;
}

/** A condition that was read and checked. */
export class Condition {
  private constructor(
    /** As written. */
    readonly text: string,
    private readonly source: string,
    private readonly expression: Expression,
    /** What must be looked up before it can be evaluated. */
    readonly needs: ReadonlySet<Lookup>,
  ) {}

  /**
   * Reads a condition.
   * @throws {ConditionError} of stage `parse`, with a position.
   */
  static parse(text: string): Condition {
    if (text === "") throw new ConditionError("parse", "empty", "empty expression");
    const source = toByteString(text);
    if (source.length > MAX_BYTES) {
      const reason = `the condition is longer than ${MAX_BYTES} bytes`;
      throw new ConditionError("parse", "limit", reason);
    }
    const { expression, needs } = check(parseExpression(source), source);
    return new Condition(text, source, expression, needs);
  }

  /**
   * Evaluates it for a request. One {@linkcode FactValues} serves any number of conditions.
   * @throws {ConditionError} of stage `evaluate`.
   */
  evaluate(facts: Facts | FactValues): Verdict {
    const values = facts instanceof FactValues ? facts : new FactValues(facts);
    const evaluation = new Evaluation(values);
    const value = this.expression.evaluate(evaluation);
    const { start, end } = evaluation.decidedBy ?? this.expression;
    const isWhole = this.expression.isLogical === undefined;
    return {
      matches: value === true,
      type: typeOf(value),
      decidedBy: isWhole ? this.text.trim() : toText(this.source.slice(start, end)),
      steps: evaluation.budget.spent,
    };
  }
}
