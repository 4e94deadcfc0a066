/** A text part whose recipients have words of their own in one place, the slot. */

import { dataText } from "../content.ts";
import { encode, LINE_LENGTH, lineBreak, lineEnd, wrap, wrapBefore } from "./quoted_printable.ts";

/** The part with these words in its slot, as data in pieces. White space at their ends would be encoded. */
export type SlotText = (insert: string) => readonly Uint8Array[];

/** Of a piece that begins at the start of a line, or has no line that starts with a dot. */
export function dataOf(piece: string): Uint8Array {
  return Buffer.from(dataText(piece));
}

/**
 * Prepares encoded text with a slot. The lines before the slot are the same for all recipients. Behind it,
 * words of another length break lines in other places, until one line starts where a prepared line does,
 * which is soon: from there on all lines are the same again.
 */
export function slotText(encoded: string, slot: string): SlotText {
  const [before = "", after = "", ...others] = encoded.split(slot);
  const isShort = before.length + after.length <= LINE_LENGTH;
  if (isShort || others.length > 0 || encoded.includes("\r")) return wholeText(encoded, slot);
  const lines = linesAround(encoded, before.length, slot.length);
  return textAround(lines, copyOf(before.slice(lines.headEnd)), copyOf(after));
}

/** Breaks all lines again. */
function wholeText(encoded: string, slot: string): SlotText {
  return (insert) => [dataOf(wrap(encoded.replaceAll(slot, () => encode(insert))))];
}

/** Breaks the lines again that start in `before` or in the insert, and as many of those in `after` as it takes. */
function textAround(
  { head, tail, tailLines }: LinesAround,
  before: string,
  after: string,
): SlotText {
  return (insert) => {
    const inSlot = encode(insert);
    const text = before + inSlot + after;
    const slotEnd = before.length + inSlot.length;
    let lines = "";
    for (let start = 0; start < text.length;) {
      const same = start < slotEnd ? undefined : tailLines.get(text.length - start);
      if (same !== undefined) return [head, dataOf(lines), tail.subarray(same)];
      const end = lineEnd(text, start);
      lines += text.slice(start, end) + lineBreak(text, end);
      start = end;
    }
    return [head, dataOf(lines)];
  };
}

/** Of ASCII text: a piece of a string keeps all of it in memory. */
function copyOf(piece: string): string {
  return Buffer.from(piece).toString("latin1");
}

interface LinesAround {
  /** The lines that do not depend on the slot, and where they end in the text. */
  readonly head: Uint8Array;
  readonly headEnd: number;
  /** The lines that start behind the slot. */
  readonly tail: Uint8Array;
  /** Where they start in `tail`, by how far that is from the end of the text. */
  readonly tailLines: ReadonlyMap<number, number>;
}

function linesAround(encoded: string, slotStart: number, slotLength: number): LinesAround {
  const { lines, end: headEnd } = wrapBefore(encoded, slotStart);
  let tail = "";
  const tailLines = new Map<number, number>();
  for (let start = headEnd; start < encoded.length;) {
    const end = lineEnd(encoded, start);
    if (start >= slotStart + slotLength) {
      tailLines.set(encoded.length - start, tail.length);
      tail += dataText(encoded.slice(start, end) + lineBreak(encoded, end));
    }
    start = end;
  }
  return { head: dataOf(lines), headEnd, tail: Buffer.from(tail), tailLines };
}
