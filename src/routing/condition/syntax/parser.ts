/**
 * The grammar of Go's expressions. All of it is read, so that what the language does not know is refused
 * for what it is; the bodies of functions, structs and interfaces are skipped.
 */

import type { LiteralToken, Node } from "./node.ts";
import { unparen } from "./node.ts";
import { TokenReader } from "./token_reader.ts";
import { parseFunctionOperand, parseType, tryType } from "./type_parser.ts";

/** Binding strength of Go's binary operators. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map(
  [["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">="], ["+", "-", "|", "^"], [
    "*",
    "/",
    "%",
    "<<",
    ">>",
    "&",
    "&^",
  ]].flatMap((operators, index) => operators.map((operator) => [operator, index + 1] as const)),
);
const COMPARISON = PRECEDENCE.get("==")!;
const PREFIXES: ReadonlySet<string> = new Set(["+", "-", "!", "^", "&", "~", "<-", "*"]);
const LITERALS: ReadonlySet<string> = new Set(["int", "float", "imaginary", "char", "string"]);
/** What may stand before the braces of a composite literal. */
const COMPOSITE_TYPES: ReadonlySet<string> = new Set(
  ["Ident", "SelectorExpr", "IndexExpr", "IndexListExpr", "ArrayType", "StructType", "MapType"],
);

/**
 * Parses a byte string.
 * @throws {ConditionError} at the first fault, of kind `syntax` or `limit`.
 */
export function parseExpression(source: string): Node {
  const reader = new TokenReader(source, (reader) => parseBinary(reader, 1));
  const node = parseBinary(reader, 1);
  if (reader.atNewline) reader.take();
  reader.expect("EOF");
  return node;
}

/** An expression of operators that bind at least as strongly. */
function parseBinary(reader: TokenReader, minPrecedence: number): Node {
  let x = parseUnary(reader);
  for (;;) {
    // A single `=` is taken for a mistyped `==`.
    const isAssignment = reader.at("=");
    const op = reader.token.kind;
    const precedence = isAssignment ? COMPARISON : PRECEDENCE.get(op) ?? 0;
    if (precedence < minPrecedence || precedence === 0) return x;
    if (isAssignment) reader.failExpected("'=='");
    reader.take();
    const y = parseBinary(reader, precedence + 1);
    const depth = Math.max(x.depth, y.depth + 1);
    x = reader.checked({ kind: "BinaryExpr", op, x, y, depth, start: x.start, end: y.end });
  }
}

function parseUnary(reader: TokenReader): Node {
  const prefixes = [];
  while (PREFIXES.has(reader.token.kind)) prefixes.push(reader.take());
  let x = parsePrimary(reader);
  for (const { kind: op, start } of prefixes.reverse()) {
    if (op === "<-" && x.kind === "ChanType") {
      x = receiveFrom(reader, start, x);
    } else {
      const range = { depth: x.depth, start, end: x.end };
      x = op === "*" ? { kind: "StarExpr", ...range } : { kind: "UnaryExpr", op, x, ...range };
    }
  }
  return x;
}

/** `<-chan T`: the arrow belongs to the channel type, and those of nested ones move up. */
function receiveFrom(reader: TokenReader, arrow: number, type: Node): Node {
  let outer: Node | undefined = type;
  let direction = "send";
  while (outer !== undefined && "channel" in outer && direction === "send") {
    const channel: NonNullable<typeof outer.channel> = outer.channel!;
    if (channel.direction === "receive") reader.fail(channel.arrow, "expected 'chan'");
    direction = channel.direction;
    arrow = channel.arrow;
    outer = channel.value;
  }
  if (direction === "send") reader.fail(arrow, "expected channel type");
  return type;
}

function parsePrimary(reader: TokenReader): Node {
  let x = parseOperand(reader);
  for (;;) {
    const next = parsePostfix(reader, x);
    if (next === undefined) return x;
    x = reader.checked(next);
  }
}

/** A selector, index, call or literal body behind an operand; undefined when none follows. */
function parsePostfix(reader: TokenReader, x: Node): Node | undefined {
  switch (reader.token.kind) {
    case ".":
      reader.take();
      return parseSelector(reader, x);
    case "[":
      return parseIndex(reader, x);
    case "(":
      return parseCall(reader, x);
    case "{": {
      const type = unparen(x);
      if (!COMPOSITE_TYPES.has(type.kind)) return undefined;
      if (type !== x) reader.fail(type.start, "cannot parenthesize type in composite literal");
      const end = parseLiteralValue(reader);
      return { kind: "CompositeLit", depth: x.depth, start: x.start, end };
    }
    default:
      return undefined;
  }
}

function parseOperand(reader: TokenReader): Node {
  const { kind, text, value = "", start, end } = reader.token;
  if (kind === "identifier") {
    reader.take();
    return { kind: "Ident", name: text, depth: 1, start, end };
  }
  if (LITERALS.has(kind)) {
    reader.take();
    return { kind: "BasicLit", token: kind as LiteralToken, text, value, depth: 1, start, end };
  }
  if (kind === "(") {
    reader.take();
    reader.enter();
    const x = parseBinary(reader, 1);
    reader.leave();
    const close = reader.expect(")");
    return reader.checked({ kind: "ParenExpr", x, depth: x.depth + 1, start, end: close.end });
  }
  if (kind === "func") return parseFunctionOperand(reader);
  return tryType(reader) ?? reader.failExpected("operand");
}

function parseSelector(reader: TokenReader, x: Node): Node {
  const { token } = reader;
  if (token.kind === "identifier") {
    reader.take();
    const { depth, start } = x;
    return { kind: "SelectorExpr", x, name: token.text, depth, start, end: token.end };
  }
  if (token.kind !== "(") reader.failExpected("selector or type assertion");
  reader.take();
  if (!reader.skip("type")) parseType(reader);
  const { end } = reader.expect(")");
  return { kind: "TypeAssertExpr", depth: x.depth, start: x.start, end };
}

function parseIndex(reader: TokenReader, x: Node): Node {
  const { start, depth } = x;
  reader.enter();
  reader.expect("[");
  if (reader.at("]")) reader.failExpected("operand");
  const index = reader.at(":") ? undefined : parseBinary(reader, 1);
  if (reader.at(":")) {
    const end = parseSlice(reader);
    reader.leave();
    return { kind: "SliceExpr", depth, start, end };
  }
  const isList = reader.at(",");
  let count = 1;
  while (reader.skip(",")) {
    if (reader.at("]") || reader.at("EOF")) continue;
    parseType(reader);
    count++;
  }
  const { end } = reader.expect("]");
  reader.leave();
  if (isList && count > 1) return { kind: "IndexListExpr", depth, start, end };
  const deeper = Math.max(depth, index!.depth) + 1;
  return { kind: "IndexExpr", x, index: index!, depth: deeper, start, end };
}

/** Reads from the first colon to the bracket, and returns where that ends. */
function parseSlice(reader: TokenReader): number {
  const colons: number[] = [];
  const bounds: boolean[] = [];
  while (reader.at(":") && colons.length < 2) {
    colons.push(reader.take().start);
    const hasBound = !reader.at(":") && !reader.at("]") && !reader.at("EOF");
    if (hasBound) parseBinary(reader, 1);
    bounds.push(hasBound);
  }
  const { end } = reader.expect("]");
  if (colons.length === 2) {
    if (!bounds[0]) reader.fail(colons[0]!, "middle index required in 3-index slice");
    if (!bounds[1]) reader.fail(colons[1]!, "final index required in 3-index slice");
  }
  return end;
}

function parseCall(reader: TokenReader, fun: Node): Node {
  reader.enter();
  reader.expect("(");
  const args: Node[] = [];
  let hasEllipsis = false;
  while (!reader.at(")") && !reader.at("EOF") && !hasEllipsis) {
    args.push(parseBinary(reader, 1));
    hasEllipsis = reader.skip("...");
    if (!reader.atComma("argument list", ")")) break;
    reader.take();
  }
  const { end } = reader.expectClosing(")", "argument list");
  reader.leave();
  const depth = args.reduce((deepest, arg) => Math.max(deepest, arg.depth), fun.depth) + 1;
  return { kind: "CallExpr", fun, args, depth, start: fun.start, end };
}

/** Reads the braces of a composite literal, and returns where they end. */
function parseLiteralValue(reader: TokenReader): number {
  reader.enter();
  reader.expect("{");
  while (!reader.at("}") && !reader.at("EOF")) {
    parseElement(reader);
    if (reader.skip(":")) parseElement(reader);
    if (!reader.atComma("composite literal", "}")) break;
    reader.take();
  }
  const { end } = reader.expectClosing("}", "composite literal");
  reader.leave();
  return end;
}

function parseElement(reader: TokenReader): void {
  if (reader.at("{")) parseLiteralValue(reader);
  else parseBinary(reader, 1);
}
