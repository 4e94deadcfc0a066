/** Text from other parties in our output: single lines, lengths, errors, file errors, times. */

/** Longer replies add nothing, and a hostile server must not fill the log. */
const MAX_WORDS = 300;

/**
 * One line of plain words: control, line-separator and bidirectional characters become spaces,
 * each secret becomes `***`, and the rest is cut at 300 characters.
 */
export function singleLine(text: string, secrets: readonly string[] = []): string {
  let words = text;
  // A server may echo what it got, in clear or as AUTH sent it.
  for (const secret of secrets) {
    if (secret === "") continue;
    words = hide(secret, secret, words);
    words = hide(base64(secret), secret, words);
  }
  words = words.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu, " ").trim();
  const characters = [...words.toWellFormed()];
  return characters.length > MAX_WORDS
    ? `${characters.slice(0, MAX_WORDS).join("")}...`
    : characters.join("");
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * The text with control, format and line-separator characters as escapes, in a form that JSON knows:
 * terminals would obey them, and bidirectional ones reorder text. Characters in `kept` stay unchanged.
 */
export function escapeControls(text: string, kept = ""): string {
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    if (kept.includes(character)) return character;
    const units = character.split("").map((unit) =>
      `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
    );
    return SHORT_ESCAPES[character] ?? units.join("");
  });
}

/** A shorter password may occur inside words: redacting it there would garble the text and reveal it. */
const MIN_SECRET = 8;

function hide(form: string, secret: string, words: string): string {
  if (secret.length >= MIN_SECRET) return words.replaceAll(form, "***");
  const literal = form.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return words.replace(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, "gu"), "***");
}

/** The message of anything that was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Truncates a text to a number of characters and lines, and states at its end how much was cut off. */
export function truncate(text: string, maxCharacters: number, maxLines = Infinity): string {
  if (text.length <= maxCharacters && maxLines === Infinity) return text;
  const end = endOf(text, maxCharacters, maxLines);
  if (end === text.length) return text;
  const more = characterCount(text.slice(end));
  return `${text.slice(0, end)}… (${more} more character${more === 1 ? "" : "s"})`;
}

/** The end of the kept part. */
function endOf(text: string, maxCharacters: number, maxLines: number): number {
  let characters = 0;
  let lines = 1;
  let index = 0;
  for (const character of text) {
    if (character === "\n") lines++;
    if (characters === maxCharacters || lines > maxLines) return index;
    characters++;
    index += character.length;
  }
  return index;
}

/** Much faster than a loop, for long texts. */
function characterCount(text: string): number {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, "x").length;
}

/**
 * Words a failed file operation as the original (Go) does: `open <path>: no such file or directory`.
 * Deno's messages carry the system's own text in front of `(os error <n>)`.
 */
export function fileError(operation: "open" | "read", path: string, error: unknown): string {
  return `${operation} ${path}: ${fileFault(error)}`;
}

/** The cause alone, `no such file or directory`. */
export function fileFault(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "permission denied (by Deno: --allow-read or --allow-write)";
  }
  const message = reasonOf(error);
  const system = /^(.*?) \(os error \d+\)/.exec(message)?.[1];
  return system === undefined ? message : lowerFirst(system);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** A time in RFC 3339, UTC, without a fraction where it is a whole second. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

let lastTime = { ms: NaN, text: "" };

/**
 * A time in RFC 3339 with milliseconds, UTC. The last one is kept: an email's acceptance is written to the
 * log twice and to the record, and emails are owed together.
 *
 * @throws {RangeError} for a time that no calendar reaches
 */
export function exactTime(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}
