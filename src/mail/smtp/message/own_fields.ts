/** The header fields that differ between the recipients of an email. */

import type { SendMailOptions } from "nodemailer";
import { foldLines } from "nodemailer/lib/mime-funcs";
import MimeNode, { type MimeNodeHeaderValue } from "nodemailer/lib/mime-node";
import { OWN_ID_HEADER, referencesOf } from "../../extra_headers.ts";
import { bareMessageId } from "../../message_id.ts";
import type { MailMessage } from "../../transport.ts";
import { LINE_LENGTH } from "./quoted_printable.ts";

/** A header field of one email, as nodemailer writes it. */
export interface OwnField {
  /** By nodemailer, for any email. */
  encoded(options: SendMailOptions): string;
  /** For an email whose values nodemailer would not change, in a tenth of the time. */
  plain(message: MailMessage): string;
}

type Encoded = (options: SendMailOptions) => MimeNodeHeaderValue;
type Plain = (message: MailMessage) => string;

/** Values by the names of their fields in lower case. */
const OWN_VALUES = new Map<string, readonly [Encoded, Plain]>([
  ["to", [({ to }) => to, ({ to }) => to]],
  ["message-id", [({ messageId }) => messageId, ({ messageId }) => `<${messageId}>`]],
  ["in-reply-to", [({ inReplyTo }) => inReplyTo, ({ inReplyTo }) => `<${inReplyTo}>`]],
  ["references", [
    ({ references }) => references,
    (message) => referencesOf(message).join(" "),
  ]],
  ["date", [({ date }) => date, ({ date }) => date.toUTCString().replace("GMT", "+0000")]],
  [OWN_ID_HEADER.toLowerCase(), [
    ({ messageId }) => bareMessageId(messageId ?? ""),
    ({ messageId }) => messageId,
  ]],
]);

/** Undefined for a field that all recipients share. */
export function ownField(name: string): OwnField | undefined {
  const values = OWN_VALUES.get(name.toLowerCase());
  if (values === undefined) return undefined;
  const [encoded, plain] = values;
  return {
    encoded: (options) => encodedField(name, encoded(options)),
    plain: (message) => folded(name, plain(message)),
  };
}

const PLAIN_ID = /^[\w.+@-]+$/;
const PLAIN_ADDRESS = /^[\w+-]+(?:\.[\w+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]+$/;

/** Whether nodemailer would change nothing in the ids and the address of an email. */
export function hasPlainValues({ to, messageId, inReplyTo, references }: MailMessage): boolean {
  return PLAIN_ADDRESS.test(to) && PLAIN_ID.test(messageId) &&
    (inReplyTo === undefined || PLAIN_ID.test(inReplyTo)) &&
    (references === undefined || references.every((id) => PLAIN_ID.test(id)));
}

/** As `smtpMessage` has words encoded. */
const ENCODER = new MimeNode(false, { baseBoundary: "-", textEncoding: "Q" });

/** A header field as nodemailer writes it. */
export function encodedField(name: string, value: MimeNodeHeaderValue): string {
  return folded(name, ENCODER.encodeHeaderValue(name, value));
}

function folded(name: string, value: string): string {
  return foldLines(`${name}: ${value}`, LINE_LENGTH);
}
