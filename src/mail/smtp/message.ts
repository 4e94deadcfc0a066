/** Converts a message for nodemailer. */

import type { SendMailOptions } from "nodemailer";
import { bareMessageId } from "../message_id.ts";
import { QUIET_HEADERS } from "../quiet_headers.ts";
import type { Mailbox, MailMessage } from "../transport.ts";

/**
 * The original's headers, with a valid From and without its host name. nodemailer encodes every
 * value, so that no value can inject a header.
 */
export function smtpMessage(message: MailMessage): SendMailOptions {
  const { from, to, inReplyTo, html } = message;
  return {
    // No `envelope`: nodemailer stores a refusal in it and would find it again when it resends the
    // email over a new connection. It derives the same envelope from these headers. Objects rather
    // than strings, so that nothing is parsed as a list of addresses.
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
