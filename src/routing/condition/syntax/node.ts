/** The syntax tree of an expression. Kinds are those of Go's `ast` package, which error texts name. */

/** A part of the source: byte offsets of its begin and end. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export type Node = Range & {
  /** How many levels of nodes lie below, where a chain of binary operators is one level. */
  readonly depth: number;
} & NodeKind;

export type LiteralToken = "int" | "float" | "imaginary" | "char" | "string";

type NodeKind =
  | { readonly kind: "Ident"; readonly name: string }
  | {
    readonly kind: "BasicLit";
    readonly token: LiteralToken;
    readonly text: string;
    /** Of a string: its bytes. */
    readonly value: string;
  }
  | { readonly kind: "ParenExpr"; readonly x: Node }
  | { readonly kind: "SelectorExpr"; readonly x: Node; readonly name: string }
  | { readonly kind: "IndexExpr"; readonly x: Node; readonly index: Node }
  | { readonly kind: "CallExpr"; readonly fun: Node; readonly args: readonly Node[] }
  | { readonly kind: "UnaryExpr"; readonly op: string; readonly x: Node }
  | { readonly kind: "BinaryExpr"; readonly op: string; readonly x: Node; readonly y: Node }
  | RefusedKind;

/** What Go can parse and the language refuses by name. */
interface RefusedKind {
  readonly kind:
    | "ArrayType"
    | "ChanType"
    | "CompositeLit"
    | "FuncLit"
    | "FuncType"
    | "IndexListExpr"
    | "InterfaceType"
    | "MapType"
    | "SliceExpr"
    | "StarExpr"
    | "StructType"
    | "TypeAssertExpr";
  /** Of a channel type: its direction, where its arrow stands, and the type of its values. */
  readonly channel?: Channel;
}

export interface Channel {
  readonly direction: "send" | "receive" | "both";
  readonly arrow: number;
  readonly value: Node;
}

/** The expression inside any parentheses. */
export function unparen(node: Node): Node {
  while (node.kind === "ParenExpr") node = node.x;
  return node;
}
