/** Tokens of a Go expression, as Go's own scanner reads them. */

import { describeRune, quoteRune, runeAt } from "../byte_string.ts";
import { ConditionError, positionOf } from "../error.ts";
import { scanNumber } from "./number.ts";
import { scanRawString, scanRune, scanString } from "./quoted.ts";

export interface Token {
  /**
   * `identifier`, `int`, `float`, `imaginary`, `char`, `string`, `EOF`, `;` also for one inserted at a
   * line break that ends the expression; an operator or keyword stands for itself.
   */
  readonly kind: string;
  /** As written, in bytes; `"\n"` for an inserted semicolon. */
  readonly text: string;
  /** Offset of its first byte. */
  readonly start: number;
  /** Offset behind its last byte. */
  readonly end: number;
  /** The bytes that a string literal stands for. */
  readonly value?: string;
}

const KEYWORDS: ReadonlySet<string> = new Set(
  ("break case chan const continue default defer else fallthrough for func go goto if import " +
    "interface map package range return select struct switch type var").split(" "),
);
/** Keywords after which a line break ends the statement. */
const ENDING_KEYWORDS: ReadonlySet<string> = new Set([
  "break",
  "continue",
  "fallthrough",
  "return",
]);
const ENDING_KINDS: ReadonlySet<string> = new Set(
  ["identifier", "int", "float", "imaginary", "char", "string", ")", "]", "}", "++", "--"],
);
const LITERALS: ReadonlySet<string> = new Set(
  ["identifier", "int", "float", "imaginary", "char", "string"],
);
/** Longest first. */
const OPERATORS = (
  "<<= >>= &^= ... && || == != <= >= := += -= *= /= %= &= |= ^= ++ -- << >> &^ <- " +
  "+ - * / % & | ^ < > = ! ( ) [ ] { } , . : ~"
).split(" ");
const OPERATORS_BY_FIRST = Map.groupBy(OPERATORS, (operator) => operator.charAt(0));
const WORD = /[A-Za-z0-9_]*/y;
const BYTE_ORDER_MARK = "\xEF\xBB\xBF";
const CURLY_QUOTES: ReadonlySet<number> = new Set([0x201C, 0x201D]);

/** Reads a byte string token by token. Every method throws a {@linkcode ConditionError}. */
export class Scanner {
  #offset: number;
  /** A line break here ends the expression. */
  #insertSemicolon = false;
  /** The first byte that no text may hold, wherever it stands. */
  readonly #illegalOffset: number;

  constructor(readonly source: string) {
    this.#offset = source.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    const nul = source.indexOf("\0");
    const mark = source.indexOf(BYTE_ORDER_MARK, 1);
    this.#illegalOffset = Math.min(
      nul === -1 ? Infinity : nul,
      mark === -1 ? Infinity : mark,
    );
  }

  next(): Token {
    const token = this.#scan();
    // Go's scanner has seen one character more.
    if (token.end >= this.#illegalOffset) this.#fail(token.end, "");
    this.#offset = token.end;
    this.#insertSemicolon = ENDING_KINDS.has(token.kind) || ENDING_KEYWORDS.has(token.kind);
    return token;
  }

  #scan(): Token {
    const newline = this.#skipBlanks();
    if (newline !== undefined) return newline;
    const { source } = this;
    const start = this.#offset;
    if (start >= source.length) {
      return this.#insertSemicolon
        ? { kind: ";", text: "\n", start, end: start }
        : { kind: "EOF", text: "", start, end: start };
    }
    const first = source.charAt(start);
    const fail = (offset: number, message: string) => this.#fail(offset, message);
    if (/[0-9]/.test(first) || (first === "." && /[0-9]/.test(source.charAt(start + 1)))) {
      const { kind, end } = scanNumber(source, start, fail);
      return { kind, text: source.slice(start, end), start, end };
    }
    const wordEnd = this.#wordEnd(start);
    if (wordEnd > start) {
      const text = source.slice(start, wordEnd);
      return { kind: KEYWORDS.has(text) ? text : "identifier", text, start, end: wordEnd };
    }
    switch (first) {
      case '"':
        return { kind: "string", ...scanString(source, start, fail) };
      case "`":
        return { kind: "string", ...scanRawString(source, start, fail) };
      case "'":
        return { kind: "char", ...scanRune(source, start, fail) };
      case ";":
        return { kind: ";", text: ";", start, end: start + 1 };
    }
    const operator = OPERATORS_BY_FIRST.get(first)?.find((text) => source.startsWith(text, start));
    if (operator === undefined) return this.#failAtCharacter(start);
    return { kind: operator, text: operator, start, end: start + operator.length };
  }

  /** Skips blanks and comments; returns the semicolon that a line break among them stands for. */
  #skipBlanks(): Token | undefined {
    const { source } = this;
    for (;;) {
      const start = this.#offset;
      const first = source.charAt(start);
      if (first === "\n" && this.#insertSemicolon) {
        return { kind: ";", text: "\n", start, end: start + 1 };
      }
      if (first === " " || first === "\t" || first === "\r" || first === "\n") {
        this.#offset++;
      } else if (source.startsWith("//", start)) {
        const end = source.indexOf("\n", start);
        this.#offset = end === -1 ? source.length : end;
      } else if (source.startsWith("/*", start)) {
        const end = source.indexOf("*/", start + 2);
        if (end === -1) this.#fail(start, "comment not terminated");
        this.#offset = end + 2;
        const newline = source.indexOf("\n", start);
        if (this.#insertSemicolon && newline !== -1 && newline < end) {
          return { kind: ";", text: "\n", start: newline, end: end + 2 };
        }
      } else {
        return undefined;
      }
    }
  }

  /** Where the identifier or keyword that begins here ends; `start` when none does. */
  #wordEnd(start: number): number {
    const { source } = this;
    let end = start;
    while (end < source.length) {
      if (end > start || /[A-Za-z_]/.test(source.charAt(end))) {
        WORD.lastIndex = end;
        end += WORD.exec(source)![0].length;
      }
      if (end >= source.length || source.charCodeAt(end) < 0x80) break;
      const { code, size } = runeAt(source, end);
      const character = String.fromCodePoint(code);
      if (!(end > start ? /[\p{L}\p{Nd}]/u : /\p{L}/u).test(character)) break;
      end += size;
    }
    return end;
  }

  #failAtCharacter(offset: number): never {
    const { code } = runeAt(this.source, offset);
    if (CURLY_QUOTES.has(code)) {
      this.#fail(offset, `curly quotation mark ${quoteRune(code)} (use neutral '"')`);
    }
    this.#fail(offset, `illegal character ${describeRune(code)}`);
  }

  #fail(offset: number, message: string): never {
    // A forbidden byte up to there is the first fault of the text.
    if (this.#illegalOffset <= offset) {
      offset = this.#illegalOffset;
      message = this.source[offset] === "\0" ? "illegal character NUL" : "illegal byte order mark";
    }
    throw new ConditionError("parse", "syntax", message, {
      position: positionOf(this.source, offset),
    });
  }
}

/** A token as in "found newline", as Go's parser names it. */
export function describe({ kind, text }: Token): string {
  if (kind === ";" && text === "\n") return "newline";
  return LITERALS.has(kind) ? text : `'${kind}'`;
}
