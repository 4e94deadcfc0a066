/** Keys of `role_to_recipients`: role names, patterns of them, and `*` for all others. */

import { isPattern, Pattern } from "./condition/pattern.ts";

/** The entry for roles that no other entry has recipients for. */
const DEFAULT_ROLE = "*";

/** How a role came to its recipients. */
export interface RoleEntry {
  readonly key: string;
  readonly kind: "name" | "pattern" | "default";
  readonly recipients: readonly string[];
}

/** `role_to_recipients`: exact names come first, then patterns in the order of the file, then `*`. */
export class RoleMap {
  readonly #patterns: readonly (RoleEntry & { readonly pattern: Pattern })[];

  /** Entries in the order of the file. @throws {ConditionError} for a key with a broken pattern. */
  constructor(readonly entries: ReadonlyMap<string, readonly string[]>) {
    this.#patterns = [...entries]
      .filter(([key]) => key !== DEFAULT_ROLE && isPattern(key))
      .map(([key, recipients]) => ({
        key,
        kind: "pattern",
        recipients,
        pattern: Pattern.parse(key),
      }));
  }

  /** The entry of a role; one without recipients counts as none. Undefined when there is none. */
  find(role: string): RoleEntry | undefined {
    const own = role === DEFAULT_ROLE ? [] : this.entries.get(role) ?? [];
    if (own.length > 0) return { key: role, kind: "name", recipients: own };
    const fitting = this.#patterns.find(({ recipients, pattern }) =>
      recipients.length > 0 && pattern.matches(role)
    );
    if (fitting !== undefined) {
      return { key: fitting.key, kind: "pattern", recipients: fitting.recipients };
    }
    const fallback = this.entries.get(DEFAULT_ROLE) ?? [];
    if (fallback.length === 0) return undefined;
    return { key: DEFAULT_ROLE, kind: "default", recipients: fallback };
  }
}
