/** Expressions that were read and typed, ready to be evaluated. */

import { Budget } from "./budget.ts";
import { ConditionError } from "./error.ts";
import type { FactValues } from "./facts.ts";
import type { Signature } from "./library/signature.ts";
import type { Range } from "./syntax/node.ts";
import {
  accepts,
  type Dict,
  format,
  MISSING,
  type Parameter,
  type Type,
  typeOf,
  type Value,
} from "./values.ts";

/** One evaluation. */
export class Evaluation {
  readonly budget = new Budget();
  /** The sub-expression that has decided the value of the logical expression so far. */
  decidedBy: Range | undefined;

  constructor(readonly facts: FactValues) {}
}

export interface Expression extends Range {
  readonly type: Type;
  /** Its value, if it is a literal. */
  readonly literal?: Value;
  /** Made of `&&`, `||` or `!`, so that one of its operands may decide. */
  readonly isLogical?: true;
  /** @throws {ConditionError} of stage `evaluate`. */
  evaluate(evaluation: Evaluation): Value;
}

/** Steps for an operator, a function or an index. */
const NODE_STEPS = 10;

/** A literal, or a variable that always has the same value. */
export function literal(range: Range, value: Value): Expression {
  return { ...at(range), type: typeOf(value), literal: value, evaluate: () => value };
}

/** A value of the request. */
export function variable(
  range: Range,
  type: Type,
  read: (facts: FactValues) => Value,
): Expression {
  return { ...at(range), type, evaluate: ({ facts }) => read(facts) };
}

/** The set at a key of a dict. */
export function index(
  range: Range,
  read: (facts: FactValues) => Dict,
  key: Expression,
): Expression {
  return {
    ...at(range),
    type: "expression.Set",
    evaluate(evaluation) {
      evaluation.budget.spend(NODE_STEPS);
      const name = operand("evaluating key of index expression", key, evaluation) as string;
      return read(evaluation.facts).get(name) ?? MISSING;
    },
  };
}

/** `!x`, or `!!x` with any number of `!`. */
export function not(range: Range, x: Expression, times: number): Expression {
  const decides = at(range);
  return {
    ...decides,
    type: "bool",
    isLogical: true,
    evaluate(evaluation) {
      evaluation.budget.spend(NODE_STEPS);
      const value = operand("evaluating target of (!) operator", x, evaluation) as boolean;
      if (x.isLogical === undefined) evaluation.decidedBy = decides;
      return value === (times % 2 === 0);
    },
  };
}

/** `a && b && ...`, or `a || b || ...`: evaluated from the left up to the first that decides. */
export class Logical implements Expression {
  readonly type = "bool";
  readonly isLogical = true;
  readonly start: number;
  readonly #operands: Expression[];
  #end: number;

  constructor(
    { start, end }: Range,
    readonly op: "&&" | "||",
    first: Expression,
    second: Expression,
  ) {
    this.start = start;
    this.#end = end;
    this.#operands = [first, second];
  }

  get end(): number {
    return this.#end;
  }

  /** Makes the chain longer, while it is being read: thousands of operands are no tree. */
  append(x: Expression, end: number): this {
    this.#operands.push(x);
    this.#end = end;
    return this;
  }

  evaluate(evaluation: Evaluation): boolean {
    evaluation.budget.spend(NODE_STEPS);
    const deciding = this.op === "||";
    for (const [i, x] of this.#operands.entries()) {
      evaluation.decidedBy = x;
      const what = `evaluating ${i === 0 ? "lhs" : "rhs"} of (${this.op}) operator`;
      const value = operand(what, x, evaluation) as boolean;
      // A function may have logical arguments, which decide nothing here.
      if (x.isLogical === undefined) evaluation.decidedBy = x;
      if (value === deciding) return deciding;
    }
    evaluation.decidedBy = this;
    return !deciding;
  }
}

/** `a == b` or `a != b`, of two strings or two integers. */
export function equality(
  range: Range,
  op: "==" | "!=",
  a: Expression,
  b: Expression,
): Expression {
  return {
    ...at(range),
    type: "bool",
    evaluate(evaluation) {
      evaluation.budget.spend(NODE_STEPS);
      const left = operand(`evaluating lhs of (${op}) operator`, a, evaluation);
      const right = operand(`evaluating rhs of (${op}) operator`, b, evaluation);
      return (left === right) === (op === "==");
    },
  };
}

/** A call of a function or method. */
export function call(
  range: Range,
  name: string,
  { parameters, rest, result, call }: Signature,
  args: readonly Expression[],
): Expression {
  return {
    ...at(range),
    type: result,
    evaluate(evaluation) {
      evaluation.budget.spend(NODE_STEPS);
      const values: Value[] = [];
      for (const [i, arg] of args.entries()) {
        const named = () =>
          `evaluating ${argumentName(i, parameters.length, rest)} to function (${name})`;
        values.push(operand(named, arg, evaluation));
      }
      try {
        return call(values, evaluation.budget);
      } catch (error) {
        throw explained(error, `evaluating function (${name})`);
      }
    },
  };
}

/** An expression of any type where one type is wanted: checked when evaluated. */
export function checked(x: Expression, expected: Parameter): Expression {
  return {
    ...at(x),
    type: expected === "expression.remover" ? "any" : expected,
    ...(x.isLogical === undefined ? {} : { isLogical: true }),
    evaluate(evaluation) {
      const value = x.evaluate(evaluation);
      if (accepts(expected, typeOf(value))) return value;
      throw new ConditionError("evaluate", "type", unexpectedValue(expected, value));
    },
  };
}

/** The reason when a value is not of the expected type. */
export function unexpectedValue(expected: Parameter, value: Value): string {
  return `expected type ${expected}, got value (${format(value)}) with type (${typeOf(value)})`;
}

const ORDINALS = ["first", "second", "third"];

/** The name of an argument in error texts. */
export function argumentName(index: number, count: number, rest: Parameter | undefined): string {
  if (index >= count) return `argument ${index + 1}`;
  return count === 1 && rest === undefined ? "argument" : `${ORDINALS[index]} argument`;
}

function at({ start, end }: Range): Range {
  return { start, end };
}

function operand(
  what: string | (() => string),
  x: Expression,
  evaluation: Evaluation,
): Value {
  try {
    return x.evaluate(evaluation);
  } catch (error) {
    throw explained(error, typeof what === "string" ? what : what());
  }
}

/** Adds what was being done to the trail of an error. */
function explained(error: unknown, what: string): unknown {
  return error instanceof ConditionError ? error.within(what) : error;
}
