/** `regexp.match` and `regexp.replace`. */

import type { Budget } from "../budget.ts";
import { firstInvalidByte, quote, runeAt, toByteString, toText } from "../byte_string.ts";
import type { StringSet } from "../values.ts";
import { CompiledPattern, type Match, matchInput, PatternError } from "./compiled_pattern.ts";
import { evaluateError } from "./signature.ts";

const META = /[\\.+*?()|[\]{}^$]/g;

/**
 * Whether any value fits: a pattern from `^` to `$` is a regular expression, any other a glob that the
 * whole value must fit, where `*` is any run of characters without a line break.
 * @throws {ConditionError} `regexp`, also for an empty set.
 */
export function regexpMatch(values: StringSet, pattern: string, budget: Budget): boolean {
  const matches = parsePattern(pattern, budget);
  for (const value of values) if (matches(value, budget)) return true;
  return false;
}

/** Whether a value fits a pattern. */
export type Matcher = (value: string, budget: Budget) => boolean;

/**
 * Reads a pattern as {@linkcode regexpMatch} does.
 * @throws {ConditionError} `regexp`.
 */
export function parsePattern(pattern: string, budget: Budget): Matcher {
  const wrap = () => [`invalid regular expression ${quote(pattern)}`];
  if (pattern.startsWith("^") && pattern.endsWith("$")) {
    const compiled = compile(pattern, budget, wrap);
    return (value, budget) => compiled.isFoundIn(value, budget);
  }
  const pieces = pattern.split("*");
  if (firstInvalidByte(pattern) !== undefined) compile(globPattern(pieces), budget, wrap);
  return (value, budget) => {
    budget.spend(1 + pattern.length + value.length);
    // Which run a line break falls into depends on the pieces with line breaks.
    if (value.includes("\n") && pieces.length > 1) {
      return compile(globPattern(pieces), budget, wrap).isFoundIn(value, budget);
    }
    return fitsGlob(value, pieces);
  };
}

/** Whether the value is the pieces in order, with anything between two of them. */
function fitsGlob(value: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (pieces.length === 1) return value === first;
  if (!value.startsWith(first) || !value.endsWith(last)) return false;
  let offset = first.length;
  const end = value.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, offset);
    if (found < 0) return false;
    offset = found + piece.length;
  }
  return offset <= end;
}

function globPattern(pieces: readonly string[]): string {
  return `^${pieces.map((piece) => piece.replace(META, "\\$&")).join("(.*)")}$`;
}

/**
 * Replaces every match of a regular expression, which is anchored only where it says so. Values without
 * a match are dropped, and so are empty results.
 * @throws {ConditionError} `regexp`, also for an empty set.
 */
export function regexpReplace(
  values: StringSet,
  pattern: string,
  template: string,
  budget: Budget,
): StringSet {
  const compiled = compile(
    pattern,
    budget,
    () => [`invalid regexp ${quote(pattern)}`],
    (reason) => `failed to parse regexp ${quote(pattern)}: ${reason}`,
  );
  const parts = parseTemplate(template);
  const replaced = new Set<string>();
  for (const value of values) {
    const result = replaceMatches(value, compiled, parts, budget);
    if (result !== undefined && result !== "") replaced.add(result);
  }
  return replaced;
}

function compile(
  pattern: string,
  budget: Budget,
  trail: () => readonly string[],
  word = (reason: string) => reason,
): CompiledPattern {
  try {
    return CompiledPattern.of(pattern, budget);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw evaluateError("regexp", word(error.message), trail());
  }
}

/** Undefined when nothing matches. */
function replaceMatches(
  value: string,
  pattern: CompiledPattern,
  parts: readonly TemplatePart[],
  budget: Budget,
): string | undefined {
  const input = matchInput(value);
  let result = "";
  let lastEnd = 0;
  let offset = 0;
  let hasMatch = false;
  while (offset <= value.length) {
    const match = pattern.find(input, offset, budget);
    if (match === undefined) break;
    hasMatch = true;
    result += value.slice(lastEnd, match.start);
    // An empty match right behind another one is not replaced.
    if (match.end > lastEnd || match.start === 0) {
      const expanded = expand(parts, match, value, pattern);
      budget.spend(parts.length * STEPS_PER_PART + expanded.length);
      result += expanded;
    }
    lastEnd = match.end;
    offset = Math.max(match.end, offset + widthAt(value, offset));
  }
  return hasMatch ? result + value.slice(lastEnd) : undefined;
}

function widthAt(value: string, offset: number): number {
  return offset < value.length ? runeAt(value, offset).size : 1;
}

/** Steps to put one part of a template in. */
const STEPS_PER_PART = 20;

/** Literal bytes, or the number or name of a group. */
type TemplatePart = string | { readonly group: number | string };

const REFERENCE = /^(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/u;

/** `$1`, `${1}`, `$name`, `${name}` with the longest name; `$$` is `$`; any other `$` stays. */
function parseTemplate(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  // Names are letters of any script, which only the text has.
  let rest = toText(template);
  for (let dollar = rest.indexOf("$"); dollar >= 0; dollar = rest.indexOf("$")) {
    parts.push(toByteString(rest.slice(0, dollar)));
    rest = rest.slice(dollar + 1);
    const reference = REFERENCE.exec(rest);
    const name = reference?.[1] ?? reference?.[2];
    // A number has no leading zeros: `01` is a name.
    if (name === undefined) parts.push("$");
    else parts.push({ group: /^(?:0|[1-9]\d{0,8})$/.test(name) ? Number(name) : name });
    rest = rest.slice(reference?.[0].length ?? 0);
  }
  return [...parts, toByteString(rest)];
}

/** An unknown group, or one without a match, is empty; of several with the same name, the first that matched. */
function expand(
  parts: readonly TemplatePart[],
  { groups }: Match,
  value: string,
  pattern: CompiledPattern,
): string {
  return parts.map((part) => {
    if (typeof part === "string") return part;
    const { group } = part;
    const indices = typeof group === "number" ? [group] : pattern.groupsNamed(group);
    const matched = indices.map((index) => groups[index]).find((range) => (range?.[0] ?? -1) >= 0);
    return matched === undefined ? "" : value.slice(...matched);
  }).join("");
}
