/** Our message as nodemailer takes it. */

import type { SendMailOptions } from "nodemailer";
import { bareMessageId } from "../message_id.ts";
import { QUIET_HEADERS } from "../quiet_headers.ts";
import type { Mailbox, MailMessage } from "../transport.ts";

/**
 * Headers as the original's, with a decent From and without its host name. nodemailer encodes
 * every value, so that none of them can bring a header of its own.
 */
export function smtpMessage(message: MailMessage): SendMailOptions {
  const { from, to, inReplyTo, html } = message;
  return {
    // No `envelope`: nodemailer keeps a refusal in it, and would see that again when it repeats the
    // mail over a fresh connection. It takes the same from these headers. Objects, not strings:
    // nothing in them is parsed as a list of addresses.
    from: mailbox(from),
    to: { name: "", address: to },
    ...(message.replyTo ? { replyTo: mailbox(message.replyTo) } : {}),
    subject: message.subject,
    messageId: `<${message.messageId}>`,
    // Only the first mail of the thread, no chain (original.md §6.6).
    ...(inReplyTo ? threading(`<${bareMessageId(inReplyTo)}>`) : {}),
    date: message.date,
    headers: QUIET_HEADERS,
    text: message.text,
    ...(html === undefined ? {} : { html }),
    textEncoding: "quoted-printable",
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function threading(id: string): { inReplyTo: string; references: string[] } {
  return { inReplyTo: id, references: [id] };
}

function mailbox(box: Mailbox): { name: string; address: string } {
  return { name: box.name ?? "", address: box.address };
}
