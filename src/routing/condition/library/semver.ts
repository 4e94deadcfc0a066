/** Versions as the original's library (coreos/go-semver) reads and compares them. */

import type { Value } from "../values.ts";
import { typeOf } from "../values.ts";
import { quote } from "../byte_string.ts";
import { parseInteger } from "./integer.ts";
import { evaluateError } from "./signature.ts";

/** Major, minor and patch, and the parts of the pre-release, none for a release. */
export interface Version {
  readonly numbers: readonly bigint[];
  readonly preRelease: readonly string[];
}

const IDENTIFIER = /^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*$/;

/**
 * Parses `major.minor.patch[-pre][+meta]`.
 * @throws {ConditionError} `semver`, or `type` for what is not a string.
 */
export function parseVersion(value: Value): Version {
  if (typeof value !== "string") {
    throw evaluateError("type", `type ${typeOf(value)} cannot be parsed as semver.Version`);
  }
  const [withoutMeta, meta] = cut(value, "+");
  const [core, preRelease] = cut(withoutMeta, "-");
  const first = core.indexOf(".");
  const second = core.indexOf(".", first + 1);
  if (first < 0 || second < 0) throw evaluateError("semver", `${core} is not in dotted-tri format`);
  validate("pre-release", preRelease);
  validate("metadata", meta);
  const parts = [core.slice(0, first), core.slice(first + 1, second), core.slice(second + 1)];
  return {
    numbers: parts.map(parseNumber),
    preRelease: preRelease === "" ? [] : preRelease.split("."),
  };
}

function cut(text: string, separator: string): [before: string, after: string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}

function validate(what: string, identifier: string): void {
  if (identifier === "" || IDENTIFIER.test(identifier)) return;
  throw evaluateError(
    "semver",
    `failed to validate ${what}: ${identifier} is not a valid semver identifier`,
  );
}

function parseNumber(text: string): bigint {
  const number = parseInteger(text);
  if (typeof number === "bigint") return number;
  throw evaluateError("semver", `strconv.ParseInt: parsing ${quote(text)}: ${number}`);
}

/** Below, equal to or above zero. Metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  for (const [i, number] of a.numbers.entries()) {
    const other = b.numbers[i]!;
    if (number !== other) return number < other ? -1 : 1;
  }
  if (a.preRelease.length === 0 || b.preRelease.length === 0) {
    return b.preRelease.length - a.preRelease.length;
  }
  for (const [i, part] of a.preRelease.entries()) {
    const other = b.preRelease[i];
    if (other === undefined) return 1;
    const order = comparePart(part, other);
    if (order !== 0) return order;
  }
  return a.preRelease.length - b.preRelease.length;
}

/** Numbers come before words. */
function comparePart(a: string, b: string): number {
  const [x, y] = [parseInteger(a), parseInteger(b)];
  if (typeof x === "bigint" && typeof y === "bigint" && x !== y) return x < y ? -1 : 1;
  if (typeof x !== typeof y) return typeof x === "bigint" ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
