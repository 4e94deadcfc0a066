/**
 * What users wrote, made fit to be shown in a mail: cut where it is too long, and unable to pass for
 * something else. Ordinary values come out as they are, in whatever language.
 */

import { truncate } from "../../text.ts";
import { escapeHomographs } from "./homographs.ts";

/** How much of a value is shown. */
export interface DisplayLimits {
  /** In characters; the longest mail address has 254 (RFC 5321 §4.5.3.1.3). */
  readonly name: number;
  readonly names: number;
  /** In characters. */
  readonly text: number;
  readonly lines: number;
  /** Whether the mail has lines of details, which no value may imitate. */
  readonly hasDetails: boolean;
}

export const DISPLAY_LIMITS: DisplayLimits = {
  name: 256,
  names: 100,
  text: 4096,
  lines: 100,
  hasDetails: false,
};

/** Characters that are not seen but change what is: controls, line ends, directions, fillers. */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\p{VS}\u200c\u200d\u{e0020}-\u{e007f}])\p{DI}/gu;

/** Joiners belong into emoji and some scripts, tags into flags; elsewhere they are fillers. */
const STRAY_JOINER = /(?<=^|[\p{ASCII}\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}])[\u200c\u200d]/gu;
const STRAY_TAG = /(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]*)[\u{e0020}-\u{e007f}]/gu;

/** As {@linkcode HIDDEN}, but for what a text of several lines may well have. */
const HIDDEN_IN_TEXT = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** The names of the original's own lines (original.md §6.2, §6.4), and of ours in mails with details. */
const LABELS = "id|cluster|user|role\\(s\\)|reason|link|approve|deny|status|resolution|reviewer";
const DETAIL_LABELS =
  "request|resources|term|login hint|access list|cannot be granted|maximum duration|" +
  "access (?:starts|ends)|session length|decide before|approvals|(?:also )?asked to review|" +
  "requested|granted role\\(s\\)|decided(?: by)?|expired|log in|reviewed|submitted by|still missing";

/** Every character that looks like `:`. */
const COLON = "\\s*[:\\u02d0\\u02f8\\u05c3\\u2236\\ua789]";
const LABEL = new RegExp(`^(?:${LABELS})${COLON}`, "i");
/** Approvals may be those of some roles: `Approvals (dev): …`. */
const LABEL_OR_DETAIL = new RegExp(`^(?:${LABELS}|${DETAIL_LABELS})(?:\\s*\\(.*\\))?${COLON}`, "i");

/** A name on one line: hidden and forged characters become `\u{…}`. */
export function displayName(name: string, limits = DISPLAY_LIMITS): string {
  const visible = truncate(name.toWellFormed(), limits.name)
    .replace(HIDDEN, escapeCharacter)
    .replace(STRAY_JOINER, escapeCharacter)
    .replace(STRAY_TAG, escapeCharacter);
  return escapeHomographs(visible, escapeCharacter);
}

/** A name that may stand at the start of a line: in quotes if it would look like one of our own. */
export function displayAuthor(name: string, limits = DISPLAY_LIMITS): string {
  const shown = displayName(name, limits);
  return imitatesOurLines(shown, limits) ? `"${shown}"` : shown;
}

/** A list of names, with the number of those that are too many at its end. */
export function displayNames(
  names: readonly string[],
  limits = DISPLAY_LIMITS,
): readonly string[] {
  const shown = names.slice(0, limits.names).map((name) => displayName(name, limits));
  const more = names.length - shown.length;
  return more > 0 ? [...shown, `… (${more} more)`] : shown;
}

/**
 * A text of one or more lines, such as a reason. Line ends stay; a further line that looks like one of
 * the mail's own (`Link: …`) is quoted with `> `, so that it cannot pass for one.
 */
export function displayText(text: string, limits = DISPLAY_LIMITS): string {
  const [first = "", ...others] = truncate(text.toWellFormed(), limits.text, limits.lines)
    .split(/(?<=\n)/)
    .map((line) => {
      const end = line.endsWith("\r\n") ? "\r\n" : line.endsWith("\n") ? "\n" : "";
      return line.slice(0, line.length - end.length).replace(HIDDEN_IN_TEXT, escapeCharacter) + end;
    });
  return [first, ...others.map((line) => imitatesOurLines(line, limits) ? `> ${line}` : line)].join(
    "",
  );
}

function imitatesOurLines(line: string, { hasDetails }: DisplayLimits): boolean {
  const plain = line.normalize("NFKD").replace(/[\p{DI}\p{M}]/gu, "").trimStart();
  if ((hasDetails ? LABEL_OR_DETAIL : LABEL).test(plain)) return true;
  const [label] = /^[^\s:]+(?=\s*:)/.exec(plain) ?? [""];
  return escapeHomographs(label, escapeCharacter) !== label;
}

function escapeCharacter(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16).padStart(4, "0")}}`;
}
