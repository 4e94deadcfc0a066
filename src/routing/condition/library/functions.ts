/** The functions and methods of the language, by name. */

import type { Budget } from "../budget.ts";
import { type Dict, Option, Pair, type StringSet, Time, typeOf, type Value } from "../values.ts";
import { addValues, dict, put, remove } from "./dict.ts";
import { emailLocal } from "./email.ts";
import { regexpMatch, regexpReplace } from "./regexp.ts";
import { parseRfc3339 } from "./rfc3339.ts";
import { compareVersions, parseVersion } from "./semver.ts";
import { evaluateError, type Signature } from "./signature.ts";
import { lower, mapSet, replaceAll, split, upper } from "./text.ts";

const SET = "expression.Set";
const DICT = "expression.Dict";
const TIME = "time.Time";

/** Steps to put an item into a set, or to read a character of an address. */
const STEPS_PER_ITEM = 10;

const containsAny: Signature = {
  parameters: [SET, SET],
  result: "bool",
  call: ([a, b]: [StringSet, StringSet], budget) => {
    budget.spend(b.size);
    for (const item of b) if (a.has(item)) return true;
    return false;
  },
};

/** False when nothing is asked for. */
const containsAll: Signature = {
  parameters: [SET, SET],
  result: "bool",
  call: ([a, b]: [StringSet, StringSet], budget) => {
    budget.spend(b.size);
    for (const item of b) if (!a.has(item)) return false;
    return b.size > 0;
  },
};

const isEmpty: Signature = {
  parameters: [SET],
  result: "bool",
  call: ([set]: [StringSet]) => set.size === 0,
};

const before: Signature = {
  parameters: [TIME, TIME],
  result: "bool",
  call: ([a, b]: [Time, Time]) => a.ns < b.ns,
};

const after: Signature = {
  parameters: [TIME, TIME],
  result: "bool",
  call: ([a, b]: [Time, Time]) => a.ns > b.ns,
};

/** A function of one version and another. */
function versionTest(test: (order: number) => boolean): Signature {
  return {
    parameters: ["any", "any"],
    result: "bool",
    call: ([a, b]: [Value, Value]) => test(compareVersions(parseVersion(a), parseVersion(b))),
  };
}

/** A function of a string or of each item of a set. */
function textFunction(
  name: string,
  parameters: Signature["parameters"],
  apply: (text: string, rest: readonly string[], budget: Budget) => string,
): Signature {
  return {
    parameters,
    result: "any",
    call: ([input, ...rest]: [Value, ...string[]], budget) => {
      if (typeof input === "string") return apply(input, rest, budget);
      if (typeOf(input) === SET) {
        return mapSet(input as StringSet, (item) => apply(item, rest, budget), budget);
      }
      throw evaluateError(
        "type",
        `failed to evaluate argument to ${name}: expected string or set, got value of type ` +
          typeOf(input),
      );
    },
  };
}

function isBetween(time: Time, a: Time, b: Time): boolean {
  const [first, second] = a.ns > b.ns ? [b, a] : [a, b];
  return time.ns > first.ns && time.ns < second.ns;
}

/** Functions; a name with a dot is one of a module. */
export const FUNCTIONS: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ["set", {
    parameters: [],
    rest: "string",
    result: SET,
    call: (items: readonly string[], budget) => {
      budget.spend(items.length * STEPS_PER_ITEM);
      return new Set(items);
    },
  }],
  ["union", {
    parameters: [],
    rest: SET,
    result: SET,
    call: (sets: readonly StringSet[], budget) => {
      budget.spend(sets.reduce((size, set) => size + set.size * STEPS_PER_ITEM, 0));
      return new Set(sets.flatMap((set) => [...set]));
    },
  }],
  ["pair", {
    parameters: ["any", "any"],
    result: "expression.pair",
    call: ([first, second]: [Value, Value]) => new Pair(first, second),
  }],
  ["dict", {
    parameters: [],
    rest: "expression.pair",
    result: DICT,
    call: (pairs: readonly Pair[]) => dict(pairs),
  }],
  ["ifelse", {
    parameters: ["bool", "any", "any"],
    result: "any",
    call: ([condition, a, b]: [boolean, Value, Value]) => condition ? a : b,
  }],
  ["option", {
    parameters: ["bool", "any"],
    result: "expression.option",
    call: ([condition, value]: [boolean, Value]) => new Option(condition, value),
  }],
  ["choose", {
    parameters: [],
    rest: "expression.option",
    result: "any",
    call: (options: readonly Option[]) => {
      const chosen = options.find(({ condition }) => condition);
      if (chosen !== undefined) return chosen.value;
      throw evaluateError(
        "no_option",
        "evaluating choose expression: no option could be selected, consider adding a default " +
          'option by hardcoding the condition to "true"',
      );
    },
  }],
  ["contains_any", containsAny],
  ["contains_all", containsAll],
  ["is_empty", isEmpty],
  [
    "strings.upper",
    textFunction("strings.upper", ["any"], (text, _, budget) => upper(text, budget)),
  ],
  [
    "strings.lower",
    textFunction("strings.lower", ["any"], (text, _, budget) => lower(text, budget)),
  ],
  [
    "strings.replaceall",
    textFunction(
      "strings.replaceall",
      ["any", "string", "string"],
      (text, [old, replacement], budget) => replaceAll(text, old!, replacement!, budget),
    ),
  ],
  ["strings.split", {
    parameters: [SET, "string"],
    result: SET,
    call: ([set, separator]: [StringSet, string], budget) => {
      const pieces = [...set].flatMap((item) => split(item, separator, budget));
      budget.spend(pieces.length * STEPS_PER_ITEM);
      return new Set(pieces);
    },
  }],
  ["email.local", {
    parameters: [SET],
    result: SET,
    call: ([set]: [StringSet], budget) => {
      budget.spend([...set].reduce((size, item) => size + item.length * STEPS_PER_ITEM, 0));
      return emailLocal(set);
    },
  }],
  ["regexp.match", {
    parameters: [SET, "string"],
    result: "bool",
    call: ([set, pattern]: [StringSet, string], budget) => regexpMatch(set, pattern, budget),
  }],
  ["regexp.replace", {
    parameters: [SET, "string", "string"],
    result: SET,
    call: ([set, pattern, template]: [StringSet, string, string], budget) =>
      regexpReplace(set, pattern, template, budget),
  }],
  ["time.RFC3339", {
    parameters: ["string"],
    result: TIME,
    call: ([text]: [string]) => parseRfc3339(text),
  }],
  ["before", before],
  ["after", after],
  // Times in either order, or versions from the first to below the second.
  ["between", {
    parameters: ["any", "any", "any"],
    result: "bool",
    call: ([value, a, b]: [Value, Value, Value]) => {
      if (value instanceof Time) {
        if (a instanceof Time && b instanceof Time) return isBetween(value, a, b);
        throw evaluateError("type", "the time parameters provided are invalid time values");
      }
      const version = parseVersion(value);
      const [from, to] = [parseVersion(a), parseVersion(b)];
      return compareVersions(version, from) >= 0 && compareVersions(version, to) < 0;
    },
  }],
  ["newer_than", versionTest((order) => order > 0)],
  ["older_than", versionTest((order) => order < 0)],
]);

/** Methods, with the receiver as first argument. */
export const METHODS: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ["contains", {
    parameters: [SET, "string"],
    result: "bool",
    call: ([set, item]: [StringSet, string]) => set.has(item),
  }],
  ["contains_any", containsAny],
  ["contains_all", containsAll],
  ["isempty", isEmpty],
  ["add", {
    parameters: [SET],
    rest: "string",
    result: SET,
    call: ([set, ...items]: [StringSet, ...string[]], budget) => {
      budget.spend((set.size + items.length) * STEPS_PER_ITEM);
      return new Set([...set, ...items]);
    },
  }],
  ["remove", {
    parameters: ["expression.remover"],
    rest: "string",
    result: "any",
    call: ([from, ...items]: [StringSet | Dict, ...string[]], budget) => {
      budget.spend((from.size + items.length) * STEPS_PER_ITEM);
      return remove(from, items);
    },
  }],
  ["put", {
    parameters: [DICT, "string", SET],
    result: DICT,
    call: ([from, key, set]: [Dict, string, StringSet], budget) => {
      budget.spend(from.size * STEPS_PER_ITEM);
      return put(from, key, set);
    },
  }],
  ["add_values", {
    parameters: [DICT, "string"],
    rest: "string",
    result: DICT,
    call: ([from, key, ...items]: [Dict, string, ...string[]], budget) => {
      const size = from.size + (from.get(key)?.size ?? 0) + items.length;
      budget.spend(size * STEPS_PER_ITEM);
      return addValues(from, key, items);
    },
  }],
  ["before", before],
  ["after", after],
  // For times only, and the number of its arguments is checked when evaluated.
  ["between", {
    parameters: [TIME],
    rest: TIME,
    result: "bool",
    call: ([time, ...bounds]: [Time, ...Time[]]) => {
      const [a, b] = bounds;
      if (bounds.length !== 2 || a === undefined || b === undefined) {
        throw evaluateError("arity", `between expected 2 parameters: got ${bounds.length}`);
      }
      return isBetween(time, a, b);
    },
  }],
]);
