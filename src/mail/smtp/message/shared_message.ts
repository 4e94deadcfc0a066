/**
 * What the emails to several recipients share, built once: all header fields but those that name the
 * recipient and the thread, and the encoded body but for the lines of the slot. The bytes are those that
 * nodemailer makes of each email alone.
 */

import type { SendMailOptions } from "nodemailer";
import MimeNode from "nodemailer/lib/mime-node";
import type { MailMessage, SharedPart } from "../../transport.ts";
import { END_OF_DATA } from "../content.ts";
import type { FinishedMessage } from "./finished_message.ts";
import { type Frame, type PartEncoding, withNewBoundary } from "./frame.ts";
import { encodedField, hasPlainValues, type OwnField, ownField } from "./own_fields.ts";
import { encode, wrap } from "./quoted_printable.ts";
import { dataOf, type SlotText, slotText } from "./slot_text.ts";

/** A text part, and how nodemailer encodes it. */
export interface TextPart {
  readonly text: string;
  readonly encoding: PartEncoding;
}

/** Longer texts are encoded piece by piece, which may break lines elsewhere. */
const MAX_TEXT_BYTES = 60_000;

export class SharedMessage {
  private constructor(
    private readonly from: string,
    /** Field by field: as it is in the message, or one that differs between recipients. */
    private readonly fields: readonly (string | OwnField)[],
    private readonly body: readonly (Uint8Array | SlotText)[],
  ) {}

  /** Undefined where the words in the slot decide how a whole part is encoded. */
  static make(
    given: Frame,
    subject: string,
    parts: readonly TextPart[],
    slot: string,
  ): SharedMessage | undefined {
    const frame = withNewBoundary(given);
    const fields = frame.fields.map((text) => {
      const name = text.slice(0, text.indexOf(":"));
      return name === "Subject" ? encodedField(name, subject) : ownField(name) ?? text;
    });
    const body = bodyOf(frame, parts, slot);
    return body === undefined ? undefined : new SharedMessage(frame.from, fields, body);
  }

  /** The email with these own fields, and with `insert` in the slot. `options` are those for nodemailer. */
  fill(
    message: MailMessage,
    { insert }: SharedPart,
    options: () => SendMailOptions,
  ): FinishedMessage {
    const { to, header } = hasPlainValues(message)
      ? { to: message.to, header: this.#header((field) => field.plain(message)) }
      : this.#encoded(options());
    const body = this.body.flatMap((piece) => piece instanceof Uint8Array ? piece : piece(insert));
    return { from: this.from, to, data: Buffer.concat([Buffer.from(header), ...body]) };
  }

  #encoded(options: SendMailOptions): { readonly to: string; readonly header: string } {
    const node = new MimeNode(false, { baseBoundary: "-" }).setHeader("to", options.to);
    const [to = ""] = node.getEnvelope().to;
    return { to, header: this.#header((field) => field.encoded(options)) };
  }

  #header(own: (field: OwnField) => string): string {
    return this.fields.map((field) => typeof field === "string" ? field : own(field)).join("\r\n");
  }
}

/** From the empty line behind the header to the end of the data. */
function bodyOf(
  { boundary, parts: headers }: Frame,
  parts: readonly TextPart[],
  slot: string,
): readonly (Uint8Array | SlotText)[] | undefined {
  const pieces: (Uint8Array | SlotText)[] = [];
  let before = "\r\n\r\n";
  for (const [index, part] of parts.entries()) {
    const content = contentOf(part, slot);
    if (content === undefined) return undefined;
    const start = boundary === "" ? "" : `--${boundary}\r\n${headers[index]}\r\n\r\n`;
    pieces.push(Buffer.from(before + start), content);
    before = "\r\n";
  }
  const isEnded = boundary === "" && parts.at(-1)?.text.endsWith("\n");
  const end = boundary === "" ? "" : `--${boundary}--\r\n`;
  return [...pieces, Buffer.from((isEnded ? "" : before) + end + END_OF_DATA)];
}

/** A text part, encoded; undefined where the words in the slot decide how the whole part is encoded. */
function contentOf(
  { text, encoding }: TextPart,
  slot: string,
): Uint8Array | SlotText | undefined {
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) return undefined;
  const hasSlot = text.includes(slot);
  if (encoding === "7bit") return hasSlot ? undefined : dataOf(text);
  const encoded = encode(text);
  return hasSlot ? slotText(encoded, slot) : dataOf(wrap(encoded));
}
