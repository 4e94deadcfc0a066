/** Go's types: they may stand in an expression, and are then refused by name. */

import type { Node } from "./node.ts";
import type { TokenReader } from "./token_reader.ts";

/** Parses a type, or fails. */
export function parseType(reader: TokenReader): Node {
  return tryType(reader) ?? reader.failExpected("type");
}

/** Parses a type; undefined when none begins here. */
export function tryType(reader: TokenReader): Node | undefined {
  reader.enter();
  const type = parseTypeAt(reader, reader.token.start);
  reader.leave();
  return type;
}

function parseTypeAt(reader: TokenReader, start: number): Node | undefined {
  switch (reader.token.kind) {
    case "identifier":
      return parseTypeName(reader);
    case "[":
      return refused("ArrayType", start, parseArray(reader));
    case "struct":
    case "interface": {
      const kind = reader.take().kind === "struct" ? "StructType" : "InterfaceType";
      if (!reader.at("{")) reader.failExpected("'{'");
      return refused(kind, start, reader.skipBrackets().end);
    }
    case "*":
      reader.take();
      return refused("StarExpr", start, parseType(reader).end);
    case "func":
      return parseFunction(reader);
    case "map": {
      reader.take();
      reader.expect("[");
      parseType(reader);
      reader.expect("]");
      return refused("MapType", start, parseType(reader).end);
    }
    case "chan":
    case "<-":
      return parseChannel(reader);
    case "(": {
      reader.take();
      const x = parseType(reader);
      const { end } = reader.expect(")");
      return reader.checked({ kind: "ParenExpr", x, depth: x.depth + 1, start, end });
    }
    default:
      return undefined;
  }
}

function refused(
  kind: "ArrayType" | "StructType" | "InterfaceType" | "StarExpr" | "MapType" | "FuncType",
  start: number,
  end: number,
): Node {
  return { kind, depth: 1, start, end };
}

/** A name, perhaps of a package, perhaps with type arguments. */
function parseTypeName(reader: TokenReader): Node {
  const { text: name, start, end } = reader.take();
  let type: Node = { kind: "Ident", name, depth: 1, start, end };
  if (reader.skip(".")) {
    const selected = reader.expectIdentifier();
    type = {
      kind: "SelectorExpr",
      x: type,
      name: selected.text,
      depth: 1,
      start,
      end: selected.end,
    };
  }
  if (!reader.skip("[")) return type;
  const args: Node[] = [];
  while (!reader.at("]") && !reader.at("EOF")) {
    args.push(parseType(reader));
    if (!reader.atComma("type argument list", "]")) break;
    reader.take();
  }
  const close = reader.token.start;
  const bracket = reader.expectClosing("]", "type argument list");
  const [index] = args;
  if (index === undefined) reader.fail(close, "expected type argument list");
  return args.length > 1
    ? { kind: "IndexListExpr", depth: 1, start, end: bracket.end }
    : reader.checked({
      kind: "IndexExpr",
      x: type,
      index,
      depth: index.depth + 1,
      start,
      end: bracket.end,
    });
}

function parseArray(reader: TokenReader): number {
  reader.take();
  if (!reader.skip("...") && !reader.at("]")) reader.parseExpression(reader);
  if (reader.at(",")) reader.fail(reader.token.start, "unexpected comma; expecting ]");
  reader.expect("]");
  return parseType(reader).end;
}

/** A function type, or a function literal when a body follows. */
export function parseFunctionOperand(reader: TokenReader): Node {
  const type = parseFunction(reader);
  return reader.at("{") ? { ...type, kind: "FuncLit", end: reader.skipBrackets().end } : type;
}

function parseFunction(reader: TokenReader): Node {
  const { start } = reader.take();
  if (reader.at("[")) {
    const bracket = reader.token.start;
    reader.skipBrackets();
    reader.fail(bracket, "function type must have no type parameters");
  }
  if (!reader.at("(")) reader.failExpected("'('");
  let { end } = reader.skipBrackets();
  end = reader.at("(") ? reader.skipBrackets().end : tryType(reader)?.end ?? end;
  return refused("FuncType", start, end);
}

function parseChannel(reader: TokenReader): Node {
  const { kind, start } = reader.take();
  let direction: "send" | "receive" | "both" = "both";
  let arrow = start;
  if (kind === "<-") {
    reader.expect("chan");
    direction = "receive";
  } else if (reader.at("<-")) {
    arrow = reader.take().start;
    direction = "send";
  }
  const value = parseType(reader);
  const channel = { direction, arrow, value };
  return { kind: "ChanType", channel, depth: 1, start, end: value.end };
}
