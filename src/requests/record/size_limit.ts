/** Keeps what users wrote from growing a record beyond what Teleport takes. */

import { truncate } from "../../text.ts";

/**
 * What the texts of a record may have together: half of the 1,000,000 bytes that Teleport takes for
 * the records of all plugins (teleport-protocol.md §5.3), so that there is room for the mails.
 */
const MAX_BYTES = 500_000;

/** The most that a UTF-16 unit takes in JSON. */
const MAX_BYTES_PER_UNIT = 6;

/** In characters. Four such texts fit even if every character takes six bytes, as a `<` does. */
const MAX_CUT = 16_384;

/** The texts as they are if they fit together; else each cut, with a note of how much is missing. */
export function fitToSizeLimit<Texts extends readonly string[]>(texts: Texts): Texts;
export function fitToSizeLimit(texts: readonly string[]): readonly string[] {
  // Counting takes time, and nearly all texts are short.
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  if (units * MAX_BYTES_PER_UNIT <= MAX_BYTES) return texts;
  const bytes = texts.reduce((sum, text) => sum + goJsonBytes(text), 0);
  return bytes <= MAX_BYTES ? texts : texts.map((text) => truncate(text, MAX_CUT));
}

/** The size of a text in JSON as Go writes it, which escapes more than we do. */
function goJsonBytes(text: string): number {
  const json = JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, "\\u0000");
  return new TextEncoder().encode(json).length;
}
