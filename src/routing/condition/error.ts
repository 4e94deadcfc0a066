/** The one error of the condition language. */

import { toText } from "./byte_string.ts";

/** `parse`: the text is wrong whatever the request; `evaluate`: it fails for this request. */
export type Stage = "parse" | "evaluate";

/** What kind of fault it is. */
export type ErrorKind =
  | "empty"
  | "syntax"
  | "literal"
  | "unknown_identifier"
  | "unknown_function"
  | "unsupported_operator"
  | "unsupported_syntax"
  | "type"
  | "arity"
  | "regexp"
  | "email"
  | "time"
  | "semver"
  | "no_option"
  /** The original's process ends here. */
  | "crash"
  /** A limit of this implementation: size, depth or steps. */
  | "limit"
  /** A value that the condition needs could not be looked up. */
  | "unavailable";

/** Where in the text: line and column from 1, the column counted in bytes as Go counts it. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The line and column of a byte offset. As in Go, a line break at the very end begins no line. */
export function positionOf(source: string, offset: number): Position {
  const lastBreak = source.slice(0, Math.min(offset, source.length - 1)).lastIndexOf("\n");
  const line = source.slice(0, lastBreak + 1).split("\n").length;
  return { line, column: offset - lastBreak };
}

/** A condition that cannot be parsed, or not be evaluated for a request. */
export class ConditionError extends Error {
  override readonly name = "ConditionError";
  /** What was being done, outermost first, such as `evaluating function (email.local)`. */
  readonly trail: string[];
  readonly position: Position | undefined;

  /** Teleport's own wording of the fault, without its position. */
  readonly reason: string;

  /** `reason` and `trail` are byte strings. */
  constructor(
    readonly stage: Stage,
    readonly kind: ErrorKind,
    reason: string,
    { trail = [], position }: {
      readonly trail?: readonly string[];
      readonly position?: Position | undefined;
    } = {},
  ) {
    super();
    this.reason = toText(reason);
    this.trail = trail.map(toText);
    this.position = position;
    this.message = this.#describe();
  }

  /** The same error, met while something else was being done. */
  within(what: string): this {
    this.trail.unshift(what);
    this.message = this.#describe();
    return this;
  }

  #describe(): string {
    const { position } = this;
    const where = position === undefined ? "" : `${position.line}:${position.column}: `;
    return where + [...this.trail, this.reason].join(": ");
  }
}
