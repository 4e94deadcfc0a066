/**
 * What the emails to several recipients share, built once: all headers but those that name the recipient
 * and the thread, and the encoded body but for the lines behind the slot. The bytes are those that
 * nodemailer makes of each email alone.
 */

import type { SendMailOptions } from "nodemailer";
import { foldLines } from "nodemailer/lib/mime-funcs";
import MimeNode, { type MimeNodeHeaderValue } from "nodemailer/lib/mime-node";
import { encode, wrap } from "nodemailer/lib/qp";
import { OWN_ID_HEADER } from "../extra_headers.ts";
import { bareMessageId } from "../message_id.ts";
import { dataText, END_OF_DATA } from "./content.ts";
import type { FinishedMessage } from "./finished_message.ts";

/** The longest line of quoted-printable text (RFC 2045 §6.7). */
const LINE_LENGTH = 76;
/** A soft line break (RFC 2045 §6.7). */
const SOFT_BREAK = "=\r\n";

/** A header field as it is in the message, or one that differs between recipients. */
type Field =
  | { readonly text: string }
  | { readonly name: string; readonly value: (options: SendMailOptions) => MimeNodeHeaderValue };

/** Values of the fields that differ between recipients, by their names in lower case. */
const OWN_VALUES = new Map<string, (options: SendMailOptions) => MimeNodeHeaderValue>([
  ["to", ({ to }) => to],
  ["message-id", ({ messageId }) => messageId],
  ["in-reply-to", ({ inReplyTo }) => inReplyTo],
  ["references", ({ references }) => references],
  ["date", ({ date }) => date],
  [OWN_ID_HEADER.toLowerCase(), ({ messageId }) => bareMessageId(messageId ?? "")],
]);

/** Encoded text with a slot: lines up to the slot, and the text behind them. */
interface SlotText {
  readonly lines: string;
  /** Without soft line breaks. */
  readonly rest: string;
}

/** Longer texts are encoded piece by piece, which may break lines elsewhere. */
const MAX_TEXT_BYTES = 60_000;

export class SharedMessage {
  private constructor(
    private readonly from: string,
    private readonly fields: readonly Field[],
    private readonly body: readonly (Uint8Array | SlotText)[],
    private readonly slot: string,
  ) {}

  /** Undefined for a message that nodemailer encodes in another way than is known here. */
  static make(node: MimeNode, slot: string): SharedMessage | undefined {
    const from = node.getEnvelope().from || "";
    const fields = node.buildHeaders().split(/\r\n(?![ \t])/).map(fieldOf);
    const pieces = bodyOf(node, slot);
    if (pieces === undefined) return undefined;
    const body = pieces.map((piece) => typeof piece === "string" ? dataOf(piece) : piece);
    return new SharedMessage(from, fields, body, slot);
  }

  /** The email with these options, and with `insert` in the slot. */
  fill(options: SendMailOptions, insert: string): FinishedMessage {
    const node = new MimeNode(false, { baseBoundary: "-", textEncoding: "Q" })
      .setHeader("to", options.to);
    const [to = ""] = node.getEnvelope().to;
    const header = this.fields.map((field) =>
      "text" in field ? field.text : foldLines(
        `${field.name}: ${node.encodeHeaderValue(field.name, field.value(options))}`,
        LINE_LENGTH,
      )
    ).join("\r\n");
    const inSlot = encode(insert);
    const pieces = this.body.map((piece) =>
      piece instanceof Uint8Array
        ? piece
        : dataOf(piece.lines + wrap(piece.rest.replaceAll(this.slot, () => inSlot), LINE_LENGTH))
    );
    const data = Buffer.concat([dataOf(header), ...pieces, Buffer.from(END_OF_DATA)]);
    return { from: this.from, to, data };
  }
}

/** From the empty line behind the headers to the last line end, as nodemailer writes it. */
function bodyOf(node: MimeNode, slot: string): readonly (string | SlotText)[] | undefined {
  const pieces: (string | SlotText)[] = ["\r\n\r\n"];
  for (const [index, part] of node.childNodes.entries()) {
    // Headers first: they decide on the encoding, and here on the boundaries of further parts.
    const headers = part.buildHeaders();
    const content = contentOf(part, slot);
    if (content === undefined || part.childNodes.length > 0) return undefined;
    const lineEnd = index === 0 ? "" : "\r\n";
    pieces.push(`${lineEnd}--${node.boundary}\r\n${headers}\r\n\r\n`, content);
  }
  if (node.childNodes.length > 0) return [...pieces, `\r\n--${node.boundary}--\r\n`];
  const content = contentOf(node, slot);
  if (content === undefined) return undefined;
  const end = typeof content === "string" ? content : content.rest;
  return [...pieces, content, ...(end.endsWith("\n") ? [] : ["\r\n"])];
}

/** A text part, encoded; undefined where the place of the slot decides how the whole part is encoded. */
function contentOf(part: MimeNode, slot: string): string | SlotText | undefined {
  const { content } = part;
  if (typeof content !== "string" || Buffer.byteLength(content) > MAX_TEXT_BYTES) return undefined;
  const encoding = part.getTransferEncoding();
  const hasSlot = content.includes(slot);
  if (encoding === "7bit" && !hasSlot) return content;
  if (encoding !== "quoted-printable") return undefined;
  const encoded = encode(content);
  return hasSlot ? cutAtSlot(encoded, slot) : wrap(encoded, LINE_LENGTH);
}

/** Of a piece that begins at the start of a line, or has no line that starts with a dot. */
function dataOf(piece: string): Uint8Array {
  return Buffer.from(dataText(piece));
}

function fieldOf(text: string): Field {
  const name = text.slice(0, text.indexOf(":"));
  const value = OWN_VALUES.get(name.toLowerCase());
  return value === undefined ? { text } : { name, value };
}

/** Where a line breaks depends on the text from its start on, and not on more than a line ahead. */
function cutAtSlot(encoded: string, slot: string): SlotText {
  const before = encoded.slice(0, encoded.indexOf(slot));
  let lines = "";
  let length = 0;
  for (const [line] of wrap(before, LINE_LENGTH).matchAll(/[^\n]*\n/g)) {
    if (length + LINE_LENGTH >= before.length) break;
    lines += line;
    length += line.endsWith(SOFT_BREAK) ? line.length - SOFT_BREAK.length : line.length;
  }
  return { lines, rest: encoded.slice(length) };
}
