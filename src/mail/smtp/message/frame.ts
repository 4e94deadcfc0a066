/**
 * What the emails of many requests share: nodemailer builds the header fields of a message and of its parts
 * once for each sender and structure. What differs between requests or recipients is written into them.
 */

import { randomBytes } from "node:crypto";
import { hasLongerLines, isPlainText } from "nodemailer/lib/mime-funcs";
import type MimeNode from "nodemailer/lib/mime-node";
import { LINE_LENGTH } from "./quoted_printable.ts";

/** How nodemailer encodes a text part. */
export type PartEncoding = "7bit" | "quoted-printable";

export interface Frame {
  /** The sender in the envelope. */
  readonly from: string;
  /** The header fields of the message, one or more lines each. */
  readonly fields: readonly string[];
  /** Between the parts (RFC 2046 §5.1.1); empty for a message that is one text part. */
  readonly boundary: string;
  /** The header fields of each part; empty for a message that is one text part. */
  readonly parts: readonly string[];
}

/** How nodemailer encodes this text; undefined for one without characters, which has no encoding. */
export function partEncoding(text: string): PartEncoding | undefined {
  if (text === "") return undefined;
  const isReadable = isPlainText(text) && !hasLongerLines(text, LINE_LENGTH);
  return isReadable ? "7bit" : "quoted-printable";
}

/**
 * Takes the frame from a message with text parts of these encodings; undefined if nodemailer has built it in
 * another way.
 */
export function frameOf(node: MimeNode, encodings: readonly PartEncoding[]): Frame | undefined {
  const from = node.getEnvelope().from || "";
  const leaves = node.childNodes.length === 0 ? [node] : node.childNodes;
  const isKnown = leaves.length === encodings.length &&
    leaves.every((leaf, index) =>
      leaf.childNodes.length === 0 && leaf.getTransferEncoding() === encodings[index]
    );
  if (!isKnown) return undefined;
  // The header fields of a message with parts define its boundary.
  const fields = node.buildHeaders().split(/\r\n(?![ \t])/);
  const parts = node.childNodes.map((part) => part.buildHeaders());
  return { from, fields, boundary: node.boundary || "", parts };
}

/** The frame with a boundary of its own: no user can have written it into a text. */
export function withNewBoundary(frame: Frame): Frame {
  const { fields, boundary } = frame;
  if (boundary === "") return frame;
  const own = boundary.replace(/[0-9a-f]{16}/, randomBytes(8).toString("hex"));
  return {
    ...frame,
    boundary: own,
    fields: fields.map((field) => field.replace(boundary, own)),
  };
}
