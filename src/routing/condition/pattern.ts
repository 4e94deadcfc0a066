/** The patterns of `regexp.match`, for other texts than conditions: globs and whole expressions. */

import { Budget } from "./budget.ts";
import { toByteString } from "./byte_string.ts";
import { ConditionError } from "./error.ts";
import { type Matcher, parsePattern } from "./library/regexp.ts";

/**
 * Whether a text is more than itself as a pattern: a regular expression from `^` to `$`, or a glob with
 * a `*`, which is any run of characters.
 */
export function isPattern(text: string): boolean {
  return (text.startsWith("^") && text.endsWith("$")) || text.includes("*");
}

/** A pattern that a whole text must fit. */
export class Pattern {
  private constructor(private readonly matcher: Matcher) {}

  /** @throws {ConditionError} for a regular expression that is broken. */
  static parse(text: string): Pattern {
    return new Pattern(parsePattern(toByteString(text), new Budget()));
  }

  /** Whether a text fits; one that takes too many steps does not. */
  matches(text: string): boolean {
    try {
      return this.matcher(toByteString(text), new Budget());
    } catch (error) {
      if (error instanceof ConditionError) return false;
      throw error;
    }
  }
}
