/**
 * What users wrote, made fit to be shown in a mail: cut where it is too long, and unable to pass for
 * something else. Ordinary values come out as they are, in whatever language.
 */

import { truncate } from "../../cut.ts";
import { escapeHomographs } from "./homographs.ts";

/** In characters; the longest mail address has 254 (RFC 5321 §4.5.3.1.3). */
const MAX_NAME = 256;

const MAX_NAMES = 100;

/** In characters and lines. */
const MAX_TEXT = 4096;
const MAX_LINES = 100;

/** Characters that are not seen but change what is: controls, line ends, directions, fillers. */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\p{VS}\u200c\u200d\u{e0020}-\u{e007f}])\p{DI}/gu;

/** Joiners belong into emoji and some scripts, tags into flags; elsewhere they are fillers. */
const STRAY_JOINER = /(?<=^|[\p{ASCII}\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}])[\u200c\u200d]/gu;
const STRAY_TAG = /(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]*)[\u{e0020}-\u{e007f}]/gu;

/** As {@linkcode HIDDEN}, but for what a text of several lines may well have. */
const HIDDEN_IN_TEXT = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The names of our own lines (original.md §6.2, §6.4), with every character that looks like `:`.
 */
const LABEL =
  /^(id|cluster|user|role\(s\)|reason|link|approve|deny|status|resolution|reviewer)\s*[:\u02d0\u02f8\u05c3\u2236\ua789]/i;

/** A name on one line: hidden and forged characters become `\u{…}`. */
export function displayName(name: string): string {
  const visible = truncate(name.toWellFormed(), MAX_NAME)
    .replace(HIDDEN, escapeCharacter)
    .replace(STRAY_JOINER, escapeCharacter)
    .replace(STRAY_TAG, escapeCharacter);
  return escapeHomographs(visible, escapeCharacter);
}

/** A name that may stand at the start of a line: in quotes if it would look like one of our own. */
export function displayAuthor(name: string): string {
  const shown = displayName(name);
  return imitatesOurLines(shown) ? `"${shown}"` : shown;
}

/** A list of names, with the number of those that are too many at its end. */
export function displayNames(names: readonly string[]): readonly string[] {
  const shown = names.slice(0, MAX_NAMES).map(displayName);
  return names.length > MAX_NAMES ? [...shown, `… (${names.length - MAX_NAMES} more)`] : shown;
}

/**
 * A text of one or more lines, such as a reason. Line ends stay; a further line that looks like one of
 * the mail's own (`Link: …`) is quoted with `> `, so that nobody takes it for one.
 */
export function displayText(text: string): string {
  const [first = "", ...others] = truncate(text.toWellFormed(), MAX_TEXT, MAX_LINES)
    .split(/(?<=\n)/)
    .map((line) => {
      const [end = ""] = /\r?\n$|$/.exec(line) ?? [];
      return line.slice(0, line.length - end.length).replace(HIDDEN_IN_TEXT, escapeCharacter) + end;
    });
  return [first, ...others.map((line) => imitatesOurLines(line) ? `> ${line}` : line)].join("");
}

function imitatesOurLines(line: string): boolean {
  const plain = line.normalize("NFKD").replace(/[\p{DI}\p{M}]/gu, "").trimStart();
  if (LABEL.test(plain)) return true;
  const [label] = /^[^\s:]+(?=\s*:)/.exec(plain) ?? [""];
  return escapeHomographs(label, escapeCharacter) !== label;
}

function escapeCharacter(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16).padStart(4, "0")}}`;
}
