/** The tokens of an expression with one token of look-ahead, and the limit on nesting. */

import { ConditionError, positionOf } from "../error.ts";
import type { Node, Range } from "./node.ts";
import { describe, Scanner, type Token } from "./scanner.ts";

/**
 * How deep an expression may be nested. Go's parser takes 100,000 levels; here each costs some frames
 * of a stack that overflows at about two thousand.
 */
export const MAX_DEPTH = 500;

/** Reads tokens. Every method throws a {@linkcode ConditionError} at the first fault. */
export class TokenReader {
  readonly #scanner: Scanner;
  #token: Token;
  #level = 0;

  /**
   * `parseExpression` reads an expression inside a type, such as the length of an array: the grammars
   * of types and of expressions contain each other, their files do not.
   */
  constructor(source: string, readonly parseExpression: (reader: TokenReader) => Node) {
    this.#scanner = new Scanner(source);
    this.#token = this.#scanner.next();
  }

  /** The current token. */
  get token(): Token {
    return this.#token;
  }

  /** Whether the current token is of the kind. */
  at(kind: string): boolean {
    return this.#token.kind === kind;
  }

  /** Whether the current token is a semicolon that was inserted at a line break. */
  get atNewline(): boolean {
    return this.at(";") && this.#token.text === "\n";
  }

  /** Returns the current token and goes on to the next. */
  take(): Token {
    const token = this.#token;
    this.#token = this.#scanner.next();
    return token;
  }

  /** Takes the current token if it is of the kind. */
  skip(kind: string): boolean {
    if (!this.at(kind)) return false;
    this.take();
    return true;
  }

  /** Takes a token of the kind, and returns it. */
  expect(kind: string): Token {
    if (!this.at(kind)) this.failExpected(`'${kind}'`);
    return this.take();
  }

  /** Takes an identifier, and returns it. */
  expectIdentifier(): Token {
    if (!this.at("identifier")) this.failExpected("'IDENT'");
    return this.take();
  }

  /** Takes the bracket that closes a list: a line break before it needs a comma. */
  expectClosing(kind: string, context: string): Token {
    if (this.atNewline) {
      this.fail(this.#token.start, `missing ',' before newline in ${context}`);
    }
    return this.expect(kind);
  }

  /** Whether a comma follows; the end of the list does otherwise. */
  atComma(context: string, close: string): boolean {
    if (this.at(",")) return true;
    if (!this.at(close)) {
      const newline = this.atNewline ? " before newline" : "";
      this.fail(this.#token.start, `missing ','${newline} in ${context}`);
    }
    return false;
  }

  /** Takes tokens up to the bracket that closes the one at the current token. */
  skipBrackets(): Token {
    const closers: string[] = [];
    for (;;) {
      const token = this.take();
      const closer = ({ "(": ")", "[": "]", "{": "}" } as Record<string, string>)[token.kind];
      if (closer !== undefined) closers.push(closer);
      else if (token.kind === closers.at(-1)) closers.pop();
      if (closers.length === 0) return token;
      if (this.at("EOF")) this.failExpected(`'${closers.at(-1)}'`);
    }
  }

  /** What is parsed up to {@linkcode leave} is nested one level deeper. */
  enter(): void {
    this.#level++;
    if (this.#level > MAX_DEPTH) this.#failTooDeep(this.#token);
  }

  leave(): void {
    this.#level--;
  }

  /** Checks that a tree is not too deep for those who walk it. */
  checked<T extends Node>(node: T): T {
    if (node.depth > MAX_DEPTH) this.#failTooDeep(node);
    return node;
  }

  fail(offset: number, message: string): never {
    const position = positionOf(this.#scanner.source, offset);
    throw new ConditionError("parse", "syntax", message, { position });
  }

  failExpected(what: string): never {
    this.fail(this.#token.start, `expected ${what}, found ${describe(this.#token)}`);
  }

  #failTooDeep({ start }: Pick<Range, "start">): never {
    this.fail(start, `exceeded max nesting depth of ${MAX_DEPTH}`);
  }
}
