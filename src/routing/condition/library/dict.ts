/** Dicts: never changed, every method makes a new one. */

import type { Dict, Pair, StringSet, Value } from "../values.ts";
import { MISSING, typeOf } from "../values.ts";
import { evaluateError } from "./signature.ts";

/**
 * A dict of pairs, of which the last of a key counts.
 * @throws {ConditionError} `type` when a key is not a string or a value not a set.
 */
export function dict(pairs: readonly Pair[]): Dict {
  const made = new Map<string, StringSet>();
  for (const { first: key, second: set } of pairs) {
    if (typeof key !== "string") {
      throw evaluateError("type", `dict keys must have type string, got ${typeOf(key)}`);
    }
    if (!isSet(set)) {
      throw evaluateError("type", `dict values must have type set, got ${typeOf(set)}`);
    }
    made.set(key, set);
  }
  return made;
}

function isSet(value: Value): value is StringSet {
  return value instanceof Set;
}

/** The dict with another set at the key. */
export function put(dict: Dict, key: string, set: StringSet): Dict {
  return new Map(dict).set(key, set);
}

/**
 * The dict with more items at the key.
 * @throws {ConditionError} `crash` when the set came from a missing key: there the original panics.
 */
export function addValues(dict: Dict, key: string, items: readonly string[]): Dict {
  const set = dict.get(key);
  if (set === MISSING && items.length > 0) {
    throw evaluateError("crash", "assignment to entry in nil map");
  }
  return put(dict, key, new Set([...set ?? [], ...items]));
}

/** A set or a dict without the items or keys. */
export function remove(from: StringSet | Dict, items: readonly string[]): StringSet | Dict {
  if (from === MISSING) return MISSING;
  const rest = from instanceof Map ? new Map(from) : new Set(from as StringSet);
  for (const item of items) rest.delete(item);
  return rest;
}
