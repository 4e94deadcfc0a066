/** Gives names a meaning and expressions a type, in the order in which the original does. */

import { ConditionError, type ErrorKind, positionOf } from "./error.ts";
import {
  argumentName,
  call,
  checked,
  equality,
  type Expression,
  index,
  literal,
  Logical,
  not,
  unexpectedValue,
  variable,
} from "./expression.ts";
import { type Lookup, VARIABLES } from "./facts.ts";
import { FUNCTIONS, METHODS } from "./library/functions.ts";
import { quote } from "./byte_string.ts";
import { parseInteger } from "./library/integer.ts";
import type { Signature } from "./library/signature.ts";
import type { Node, Range } from "./syntax/node.ts";
import { accepts, type Dict, type Parameter, type Type, type Value } from "./values.ts";

type Binary = Extract<Node, { kind: "BinaryExpr" }>;
type Call = Extract<Node, { kind: "CallExpr" }>;

/** Dict variables can be indexed; what is computed cannot. */
interface Checked extends Expression {
  readonly dict?: (facts: Parameters<Parameters<typeof variable>[2]>[0]) => Dict;
}

/** An expression with its type, and what must be looked up to evaluate it. */
export interface CheckResult {
  readonly expression: Expression;
  readonly needs: ReadonlySet<Lookup>;
}

/**
 * Checks the syntax tree of a source.
 * @throws {ConditionError} of stage `parse`, with a position.
 */
export function check(node: Node, source: string): CheckResult {
  const checker = new Checker(source);
  return { expression: checker.check(node), needs: checker.needs };
}

class Checker {
  readonly needs = new Set<Lookup>();

  constructor(private readonly source: string) {}

  check(node: Node): Checked {
    switch (node.kind) {
      case "BinaryExpr":
        return this.#checkBinary(node);
      case "ParenExpr":
        return this.check(node.x);
      case "UnaryExpr":
        return this.#checkUnary(node);
      case "BasicLit":
        return literal(node, this.#literalValue(node));
      case "Ident":
      case "SelectorExpr":
        return this.#checkName(node);
      case "IndexExpr": {
        const dict = this.check(node.x);
        return this.#index(node, dict, this.check(node.index));
      }
      case "CallExpr":
        return this.#checkCall(node);
      default:
        return this.#fail(node, "unsupported_syntax", `*ast.${node.kind} is not supported`);
    }
  }

  /** A chain of operators leans to the left, however long it is. */
  #checkBinary(node: Binary): Checked {
    const spine: Binary[] = [];
    let leftmost: Node = node;
    while (leftmost.kind === "BinaryExpr") {
      spine.push(leftmost);
      leftmost = leftmost.x;
    }
    let left: Checked = this.check(leftmost);
    for (const operation of spine.reverse()) {
      left = this.#binary(operation, left, this.check(operation.y));
    }
    return left;
  }

  #binary(node: Binary, left: Expression, right: Expression): Checked {
    const { op } = node;
    switch (op) {
      case "&&":
      case "||": {
        const a = this.#coerce(node.x, left, "bool", `parsing lhs of (${op}) operator`);
        const b = this.#coerce(node.y, right, "bool", `parsing rhs of (${op}) operator`);
        const isChain = node.x.kind === "BinaryExpr" && left instanceof Logical && left.op === op;
        return isChain ? left.append(b, node.end) : new Logical(node, op, a, b);
      }
      case "==":
      case "!=": {
        const known = left.type === "any" ? right : left;
        if (known.type !== "string" && known.type !== "int") {
          return this.#fail(
            node,
            "type",
            known.type === "any"
              ? `operator (${op}) can only be used when at least one operand type is known at ` +
                "compile-time"
              : `operator (${op}) not supported for type: ${known.type}`,
          );
        }
        const a = this.#coerce(node.x, left, known.type, `parsing lhs of (${op}) operator`);
        const b = this.#coerce(node.y, right, known.type, `parsing rhs of (${op}) operator`);
        return equality(node, op, a, b);
      }
      default:
        return this.#fail(node, "unsupported_operator", `${op} is not supported`);
    }
  }

  /** An operator is looked at before its operand; many in a row must not take many stack frames. */
  #checkUnary(node: Extract<Node, { kind: "UnaryExpr" }>): Checked {
    const operators = [node];
    let operand = node.x;
    for (;;) {
      const { op } = operators.at(-1)!;
      if (op !== "!") {
        return this.#fail(operators.at(-1)!, "unsupported_operator", `${op} is not supported`);
      }
      if (operand.kind !== "UnaryExpr") break;
      operators.push(operand);
      operand = operand.x;
    }
    const x = this.check(operand);
    const bool = this.#coerce(operand, x, "bool", "parsing target of (!) operator");
    return not(node, bool, operators.length);
  }

  #literalValue(node: Extract<Node, { kind: "BasicLit" }>): Value {
    const { token, text, value } = node;
    const unreadable = (why: string): never =>
      this.#fail(node, "literal", `failed to parse argument: ${text}, error: ${why}`);
    switch (token) {
      case "string":
        return value;
      case "int": {
        const number = parseInteger(text);
        if (typeof number === "bigint") return number;
        return unreadable(`strconv.Atoi: parsing ${quote(text)}: ${number}`);
      }
      case "float": {
        const number = parseFloatLiteral(text);
        if (Number.isFinite(number)) return number;
        return unreadable(`strconv.ParseFloat: parsing ${quote(text)}: value out of range`);
      }
      default: {
        const kind = token === "char" ? "CHAR" : "IMAG";
        return this.#fail(node, "literal", `unsupported function argument type: '${kind}'`);
      }
    }
  }

  /** A variable, or the key of a dict variable. */
  #checkName(node: Node): Checked {
    const reversed: string[] = [];
    let x = node;
    for (; x.kind === "SelectorExpr"; x = x.x) reversed.push(x.name);
    if (x.kind !== "Ident") {
      return this.#fail(x, "unsupported_syntax", `unsupported selector type: *ast.${x.kind}`);
    }
    const names = [...reversed, x.name].reverse();
    const name = names.join(".");
    if (name === "true" || name === "false") return literal(node, name === "true");
    const whole = this.#variable(node, name);
    if (whole !== undefined) return whole;
    const dict = this.#variable(node, names.slice(0, -1).join("."));
    const key = names.at(-1)!;
    if (dict?.dict !== undefined) return this.#index(node, dict, literal(node, key));
    return this.#fail(node, "unknown_identifier", `unknown identifier: ${quote(name)}`);
  }

  #variable(range: Range, name: string): Checked | undefined {
    const found = VARIABLES.get(name);
    if (found === undefined) return undefined;
    if (found.needs !== undefined) this.needs.add(found.needs);
    const { type, value } = found;
    const dict = type === "expression.Dict" ? { dict: value as NonNullable<Checked["dict"]> } : {};
    return { ...variable(range, type, value), ...dict };
  }

  #index(node: Range, of: Checked, key: Expression): Checked {
    const checkedKey = this.#coerce(key, key, "string", "parsing key of index expression");
    if (of.dict !== undefined) return index(node, of.dict, checkedKey);
    const reason = unexpected("map[string]string", of);
    return this.#fail(node, "type", reason, ["cannot take index of unexpected type"]);
  }

  #checkCall(node: Call): Checked {
    const { name, signature, receiver } = this.#callee(node);
    const nodes = receiver === undefined ? node.args : [receiver, ...node.args];
    const args = nodes.map((arg) => this.check(arg));
    const { parameters, rest } = signature;
    const isRightCount = rest === undefined
      ? args.length === parameters.length
      : args.length >= parameters.length;
    if (!isRightCount) {
      const reason = `function (${name}) accepts ${arity(signature)}, given ${args.length}`;
      return this.#fail(node, "arity", reason);
    }
    const function_ = rest === undefined ? `(${name})` : `function (${name})`;
    const coerced = args.map((arg, i) =>
      this.#coerce(
        nodes[i]!,
        arg,
        parameters[i] ?? rest!,
        () => `parsing ${argumentName(i, parameters.length, rest)} to ${function_}`,
      )
    );
    return call(node, name, signature, coerced);
  }

  /** A method of whatever stands before it; otherwise a function, alone or of a module. */
  #callee({ fun }: Call): {
    readonly name: string;
    readonly signature: Signature;
    readonly receiver?: Node;
  } {
    if (fun.kind === "Ident") return this.#function(fun, fun.name);
    if (fun.kind !== "SelectorExpr") {
      return this.#fail(fun, "unknown_function", `unknown function type *ast.${fun.kind}`);
    }
    const method = METHODS.get(fun.name);
    if (method !== undefined) return { name: fun.name, signature: method, receiver: fun.x };
    if (fun.x.kind === "Ident") return this.#function(fun, `${fun.x.name}.${fun.name}`);
    const reason = `expected selector identifier, got: *ast.${fun.x.kind}`;
    return this.#fail(fun, "unknown_function", reason);
  }

  #function(node: Node, name: string): { readonly name: string; readonly signature: Signature } {
    const signature = FUNCTIONS.get(name);
    if (signature !== undefined) return { name, signature };
    return this.#fail(node, "unknown_function", `unsupported function: ${name}`);
  }

  /** What is of any type is checked when evaluated. */
  #coerce<T extends Expression>(
    range: Range,
    x: T,
    expected: Parameter,
    what: string | (() => string),
  ): T | Expression {
    if (accepts(expected, x.type)) return x;
    if (x.type === "any") return checked(x, expected);
    const trail = [typeof what === "string" ? what : what()];
    return this.#fail(range, "type", unexpected(expected, x), trail);
  }

  #fail(
    { start }: Range,
    kind: ErrorKind,
    reason: string,
    trail: readonly string[] = [],
  ): never {
    throw new ConditionError("parse", kind, reason, {
      trail,
      position: positionOf(this.source, start),
    });
  }
}

function unexpected(expected: string, x: Expression): string {
  return x.literal === undefined
    ? `expected type ${expected}, got expression returning type (${x.type as Type})`
    : unexpectedValue(expected as Parameter, x.literal);
}

function arity({ parameters, rest }: Signature): string {
  const count = parameters.length;
  if (rest !== undefined) return `${count} or more arguments`;
  return count === 1 ? "1 argument" : `${count} arguments`;
}

/** Decimal, or hexadecimal with a binary exponent; `_` between digits. */
function parseFloatLiteral(text: string): number {
  const digits = text.replaceAll("_", "");
  const hexadecimal = /^0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?\d+)$/i.exec(digits);
  if (hexadecimal === null) return Number(digits);
  const [, integer = "", fraction = "", exponent] = hexadecimal;
  return Number(BigInt(`0x${integer}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
}
