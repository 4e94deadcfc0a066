/** How foreign words (server replies, system errors) get into our one-line errors. */

/** Longer replies say nothing more, and a hostile server must not fill the log. */
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
 * terminals would obey them, and bidirectional ones reorder what is read. `kept` stay as they are.
 */
export function escapeControls(text: string, kept = ""): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    if (kept.includes(character)) return character;
    const units = character.split("").map((unit) =>
      `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
    );
    return SHORT_ESCAPES[character] ?? units.join("");
  });
}

/** A shorter password may be a part of any word: starred out there, it would spoil the text and show itself. */
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
