/** `strings.upper`, `lower`, `replaceall` and `split`, on bytes and characters as Go has them. */

import type { Budget } from "../budget.ts";
import { isAscii, runes, toByteString, toText } from "../byte_string.ts";
import type { StringSet } from "../values.ts";

/**
 * Go maps one character to one. JavaScript maps some to several: those stay, but for Greek letters with
 * an iota below, whose capitals are single characters of titlecase, and the dotted capital I.
 */
const IOTA_CAPITALS: ReadonlyMap<number, number> = new Map([
  ...[0x1F80, 0x1F90, 0x1FA0].flatMap((first) =>
    Array.from({ length: 8 }, (_, i) => [first + i, first + i + 8] as const)
  ),
  [0x1FB3, 0x1FBC],
  [0x1FC3, 0x1FCC],
  [0x1FF3, 0x1FFC],
]);

/** Steps to handle one character alone, and one item of a set. */
const STEPS_PER_RUNE = 20;
const STEPS_PER_ITEM = 10;

/** Upper case, character by character. */
export function upper(bytes: string, budget: Budget): string {
  budget.spend(bytes.length * (isAscii(bytes) ? 1 : STEPS_PER_RUNE));
  if (isAscii(bytes)) return bytes.toUpperCase();
  return mapCharacters(bytes, (character) => {
    const mapped = character.toUpperCase();
    if (isSingle(mapped)) return mapped;
    const capital = IOTA_CAPITALS.get(character.codePointAt(0)!);
    return capital === undefined ? character : String.fromCodePoint(capital);
  });
}

/** Lower case, character by character. */
export function lower(bytes: string, budget: Budget): string {
  budget.spend(bytes.length * (isAscii(bytes) ? 1 : STEPS_PER_RUNE));
  if (isAscii(bytes)) return bytes.toLowerCase();
  return mapCharacters(
    bytes,
    (character) => character === "\u0130" ? "i" : character.toLowerCase(),
  );
}

function mapCharacters(bytes: string, map: (character: string) => string): string {
  let mapped = "";
  for (const character of toText(bytes)) mapped += map(character);
  return toByteString(mapped);
}

function isSingle(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0)! > 0xFFFF);
}

/**
 * Replaces every occurrence literally; an empty `old` is found before every character and at the end.
 */
export function replaceAll(
  bytes: string,
  old: string,
  replacement: string,
  budget: Budget,
): string {
  if (old === "") {
    budget.spend(bytes.length * (STEPS_PER_RUNE + replacement.length));
    return [...runes(bytes), ""].map((rune) => replacement + rune).join("");
  }
  // Before it is built: nested calls make a text grow without end.
  budget.spend(bytes.length + occurrences(bytes, old) * replacement.length);
  return bytes.split(old).join(replacement);
}

function occurrences(bytes: string, part: string): number {
  let count = 0;
  for (let i = bytes.indexOf(part); i >= 0; i = bytes.indexOf(part, i + part.length)) count++;
  return count;
}

/** The pieces between separators, empty ones too; an empty separator splits into characters. */
export function split(bytes: string, separator: string, budget: Budget): readonly string[] {
  budget.spend(bytes.length * (separator === "" ? STEPS_PER_RUNE : 1));
  return separator === "" ? [...runes(bytes)] : bytes.split(separator);
}

/** Every item mapped. */
export function mapSet(set: StringSet, map: (item: string) => string, budget: Budget): StringSet {
  const mapped = new Set<string>();
  for (const item of set) {
    budget.spend(STEPS_PER_ITEM);
    mapped.add(map(item));
  }
  return mapped;
}
