/** Converts a message for nodemailer. */

import type { SendMailOptions } from "nodemailer";
import { bareMessageId } from "../../message_id.ts";
import { extraHeaders, referencesOf } from "../../extra_headers.ts";
import { type Mailbox, type MailMessage, wordsOf } from "../../transport.ts";

/**
 * The original's headers, with a valid From and without its host name. nodemailer encodes every
 * value, so that no value can inject a header.
 */
export function smtpMessage(message: MailMessage, host = ""): SendMailOptions {
  const { from, to, inReplyTo } = message;
  const references = referencesOf(message);
  return {
    // Objects rather than strings, so that nothing is parsed as a list of addresses.
    from: mailbox(from),
    to: { name: "", address: to },
    ...(message.replyTo ? { replyTo: mailbox(message.replyTo) } : {}),
    subject: message.subject,
    messageId: `<${message.messageId}>`,
    ...(inReplyTo ? { inReplyTo: `<${bareMessageId(inReplyTo)}>` } : {}),
    ...(references.length > 0 ? { references: [...references] } : {}),
    date: message.date,
    headers: { ...extraHeaders(message), ...serviceHeaders(host) },
    ...wordsOf(message),
    textEncoding: "quoted-printable",
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Postmark replaces the Message-ID unless this header is set. */
function serviceHeaders(host: string): Record<string, string> {
  return /(^|\.)postmarkapp\.com\.?$/i.test(host) ? { "X-PM-KeepID": "true" } : {};
}

function mailbox(box: Mailbox): { name: string; address: string } {
  return { name: box.name ?? "", address: box.address };
}
