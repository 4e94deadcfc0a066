/** Keys of `role_to_recipients`: role names, patterns of them, and `*` for all others. */

import { Budget } from "./condition/budget.ts";
import { toByteString } from "./condition/byte_string.ts";
import { ConditionError } from "./condition/error.ts";
import { type Matcher, parsePattern } from "./condition/library/regexp.ts";

/** The entry for roles that no other entry has recipients for. */
export const DEFAULT_ROLE = "*";

/** How a role came to its recipients. */
export interface RoleEntry {
  readonly key: string;
  readonly kind: "name" | "pattern" | "default";
  readonly recipients: readonly string[];
}

/**
 * Whether a key is a pattern: a regular expression from `^` to `$`, or a glob with a `*` that stands for
 * any run of characters.
 */
export function isRolePattern(key: string): boolean {
  return key !== DEFAULT_ROLE && (isExpression(key) || key.includes("*"));
}

function isExpression(key: string): boolean {
  return key.startsWith("^") && key.endsWith("$");
}

/** Why a key is not a pattern; undefined when it is one. */
export function rolePatternFault(key: string): string | undefined {
  try {
    parsePattern(toByteString(key), new Budget());
    return undefined;
  } catch (error) {
    if (error instanceof ConditionError) return error.reason;
    throw error;
  }
}

/** `role_to_recipients`: exact names come first, then patterns in the order of the file, then `*`. */
export class RoleMap {
  readonly #patterns: readonly (RoleEntry & { readonly matches: Matcher })[];

  /** Entries in the order of the file. @throws {ConditionError} for a key with a broken pattern. */
  constructor(readonly entries: ReadonlyMap<string, readonly string[]>) {
    this.#patterns = [...entries].filter(([key]) => isRolePattern(key)).map((
      [key, recipients],
    ) => ({
      key,
      kind: "pattern",
      recipients,
      matches: parsePattern(toByteString(key), new Budget()),
    }));
  }

  /** The entry of a role; one without recipients counts as none. Undefined when there is none. */
  find(role: string): RoleEntry | undefined {
    const own = this.entries.get(role);
    if (own !== undefined && own.length > 0 && role !== DEFAULT_ROLE) {
      return { key: role, kind: "name", recipients: own };
    }
    const name = toByteString(role);
    const pattern = this.#patterns.find(({ recipients, matches }) =>
      recipients.length > 0 && fits(matches, name)
    );
    if (pattern !== undefined) return pattern;
    const fallback = this.entries.get(DEFAULT_ROLE) ?? [];
    return fallback.length === 0
      ? undefined
      : { key: DEFAULT_ROLE, kind: "default", recipients: fallback };
  }
}

/** A name that takes too many steps to match fits no pattern. */
function fits(matches: Matcher, name: string): boolean {
  try {
    return matches(name, new Budget());
  } catch (error) {
    if (error instanceof ConditionError) return false;
    throw error;
  }
}
