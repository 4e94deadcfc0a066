/** String and character literals of Go. */

import { describeRune, runeAt, toByteString } from "../byte_string.ts";
import type { Fail } from "./number.ts";

/** A literal from its first quote to its last. */
interface Quoted {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** What it stands for. */
  readonly value: string;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\\", "\\"],
]);

interface NumericEscape {
  readonly digits: number;
  readonly base: 8 | 16;
  readonly max: number;
}
const NUMERIC_ESCAPES: ReadonlyMap<string, NumericEscape> = new Map([
  ["x", { digits: 2, base: 16, max: 0xFF }],
  ["u", { digits: 4, base: 16, max: 0x10FFFF }],
  ["U", { digits: 8, base: 16, max: 0x10FFFF }],
]);
const OCTAL: NumericEscape = { digits: 3, base: 8, max: 0xFF };

/** A fault inside a literal: reported only if the literal ends, for otherwise that is the first fault. */
interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** Reads `"..."`. */
export function scanString(source: string, start: number, fail: Fail): Quoted {
  const { end, pieces, fault } = scanEscaped(source, start, '"', /[^"\\\n]+/y);
  if (end === undefined) fail(start, "string literal not terminated");
  if (fault !== undefined) fail(fault.offset, fault.message);
  return { text: source.slice(start, end), start, end, value: pieces.join("") };
}

/** Reads `'.'`: a character, which the language refuses later. */
export function scanRune(source: string, start: number, fail: Fail): Quoted {
  const { end, pieces, fault } = scanEscaped(
    source,
    start,
    "'",
    /[\x80-\xff][\x80-\xbf]*|[^]/y,
  );
  if (fault !== undefined) fail(fault.offset, fault.message);
  if (end === undefined) fail(start, "rune literal not terminated");
  if (pieces.length !== 1) fail(start, "illegal rune literal");
  return { text: source.slice(start, end), start, end, value: pieces[0]! };
}

/** Reads a raw string in back quotes: no escapes; carriage returns vanish. */
export function scanRawString(source: string, start: number, fail: Fail): Quoted {
  const close = source.indexOf("`", start + 1);
  if (close === -1) fail(start, "raw string literal not terminated");
  const text = source.slice(start, close + 1).replaceAll("\r", "");
  return { text, start, end: close + 1, value: text.slice(1, -1) };
}

/**
 * Reads up to the closing quote; `piece` is what is taken at once between escapes. `end` is undefined
 * when the line or the text ends first.
 */
function scanEscaped(source: string, start: number, quoteMark: string, piece: RegExp): {
  readonly end: number | undefined;
  readonly pieces: readonly string[];
  readonly fault: Fault | undefined;
} {
  const pieces: string[] = [];
  let fault: Fault | undefined;
  let offset = start + 1;
  while (offset < source.length && source.charAt(offset) !== "\n") {
    if (source.charAt(offset) === quoteMark) return { end: offset + 1, pieces, fault };
    if (source.charAt(offset) === "\\") {
      const escape = scanEscape(source, offset + 1, quoteMark);
      if ("fault" in escape) fault ??= escape.fault;
      else pieces.push(escape.value);
      offset = escape.end;
    } else {
      piece.lastIndex = offset;
      const plain = piece.exec(source)![0];
      pieces.push(plain);
      offset += plain.length;
    }
  }
  return { end: undefined, pieces, fault };
}

/** `offset` is behind the backslash. At a fault, `end` is the offending character. */
function scanEscape(
  source: string,
  offset: number,
  quoteMark: string,
): { readonly end: number } & ({ readonly value: string } | { readonly fault: Fault }) {
  const first = source.charAt(offset);
  const simple = first === quoteMark ? quoteMark : ESCAPES.get(first);
  if (simple !== undefined) return { value: simple, end: offset + 1 };
  const isOctal = /[0-7]/.test(first);
  const form = isOctal ? OCTAL : NUMERIC_ESCAPES.get(first);
  if (form === undefined) {
    const message = first === "" ? "escape sequence not terminated" : "unknown escape sequence";
    return { fault: { offset, message }, end: offset };
  }
  const digit = form.base === 8 ? /[0-7]/ : /[0-9a-f]/i;
  let end = isOctal ? offset : offset + 1;
  let code = 0;
  for (let i = 0; i < form.digits; i++, end++) {
    if (!digit.test(source.charAt(end))) {
      const message = end >= source.length
        ? "escape sequence not terminated"
        : `illegal character ${describeRune(runeAt(source, end).code)} in escape sequence`;
      return { fault: { offset: end, message }, end };
    }
    code = code * form.base + parseInt(source.charAt(end), form.base);
  }
  if (code > form.max || (code >= 0xD800 && code < 0xE000)) {
    const message = "escape sequence is invalid Unicode code point";
    return { fault: { offset, message }, end };
  }
  const isByte = form.max === 0xFF;
  return {
    value: isByte ? String.fromCharCode(code) : toByteString(String.fromCodePoint(code)),
    end,
  };
}
