/** A message as it goes over the wire, without sending it. */

import MailComposer from "nodemailer/lib/mail-composer";
import type { MailMessage } from "../../transport.ts";
import { smtpMessage } from "./mail_options.ts";

/** Headers and body with CRLF line ends (RFC 5322). */
export async function rawMessage(message: MailMessage): Promise<Uint8Array> {
  return await new MailComposer({ ...smtpMessage(message), newline: "windows" }).compile().build();
}
