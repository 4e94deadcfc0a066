/**
 * Text as the language sees it: Go's strings are bytes. A byte string is a JavaScript string of
 * characters below 256, each a byte of UTF-8. ASCII text is the same in both forms.
 */

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();
// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
/** A spread of more arguments than this may overflow the stack. */
const CHUNK = 8192;

/** Whether text and byte string are the same. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** The UTF-8 bytes of a text, as a byte string. */
export function toByteString(text: string): string {
  return ASCII.test(text) ? text : fromBytes(encoder.encode(text));
}

/** The text that a byte string holds; each invalid byte becomes U+FFFD. */
export function toText(bytes: string): string {
  return ASCII.test(bytes) ? bytes : decoder.decode(toBytes(bytes));
}

/** The bytes themselves. */
export function toBytes(bytes: string): Uint8Array {
  const array = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) array[i] = bytes.charCodeAt(i);
  return array;
}

function fromBytes(array: Uint8Array): string {
  let text = "";
  for (let i = 0; i < array.length; i += CHUNK) {
    text += String.fromCharCode(...array.subarray(i, i + CHUNK));
  }
  return text;
}

/** One character of a byte string; an invalid byte is U+FFFD of size 1, as in Go. */
export interface Rune {
  readonly code: number;
  /** How many bytes. */
  readonly size: number;
}

const INVALID: Rune = { code: 0xFFFD, size: 1 };
/** By number of continuation bytes: the smallest code that needs them, for overlong forms are invalid. */
const SMALLEST = [0, 0x80, 0x800, 0x10000];

/** The character at an index below the length. */
export function runeAt(bytes: string, index: number): Rune {
  const first = bytes.charCodeAt(index);
  if (first < 0x80) return { code: first, size: 1 };
  const more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if (first < 0xC2 || first > 0xF4 || index + more >= bytes.length) return INVALID;
  let code = first & (0x3F >> more);
  for (let i = 1; i <= more; i++) {
    const byte = bytes.charCodeAt(index + i);
    if ((byte & 0xC0) !== 0x80) return INVALID;
    code = code << 6 | byte & 0x3F;
  }
  const isSurrogate = code >= 0xD800 && code < 0xE000;
  if (code < SMALLEST[more]! || code > 0x10FFFF || isSurrogate) return INVALID;
  return { code, size: more + 1 };
}

/** The characters, each as a byte string. */
export function* runes(bytes: string): Generator<string> {
  for (let i = 0; i < bytes.length;) {
    const { size } = runeAt(bytes, i);
    yield bytes.slice(i, i + size);
    i += size;
  }
}

/** The index of the first byte that is not part of a character; undefined when there is none. */
export function firstInvalidByte(bytes: string): number | undefined {
  if (isAscii(bytes)) return undefined;
  for (let i = 0; i < bytes.length;) {
    const { code, size } = runeAt(bytes, i);
    if (code === 0xFFFD && size === 1) return i;
    i += size;
  }
  return undefined;
}

/** A byte string in double quotes, escaped as Go's `%q` does. */
export function quote(bytes: string): string {
  let quoted = "";
  for (let i = 0; i < bytes.length;) {
    const { code, size } = runeAt(bytes, i);
    quoted += code === 0xFFFD && size === 1
      ? `\\x${hex(bytes.charCodeAt(i), 2)}`
      : escaped(code, bytes.slice(i, i + size), '"');
    i += size;
  }
  return `"${quoted}"`;
}

/** A character in single quotes, escaped as Go's `%q` does. */
export function quoteRune(code: number): string {
  return `'${escaped(code, toByteString(String.fromCodePoint(code)), "'")}'`;
}

/** A character as `U+0041 'A'`: what Go's `%#U` prints. */
export function describeRune(code: number): string {
  const name = `U+${hex(code, 4).toUpperCase()}`;
  const character = String.fromCodePoint(code);
  return isPrintable(character) ? `${name} '${toByteString(character)}'` : name;
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
  ["\\", "\\\\"],
]);

function escaped(code: number, bytes: string, quoteMark: string): string {
  if (bytes === quoteMark) return `\\${bytes}`;
  const short = SHORT_ESCAPES.get(bytes);
  if (short !== undefined) return short;
  if (isPrintable(String.fromCodePoint(code))) return bytes;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/** Letters, marks, numbers, punctuation, symbols and the ASCII space. */
function isPrintable(character: string): boolean {
  return character === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}
