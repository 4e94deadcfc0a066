/** A message as it goes over the wire, without sending it. */

import { createTransport } from "nodemailer";
import type { MailMessage } from "../transport.ts";
import { smtpMessage } from "./message.ts";

/** Headers and body with CRLF line ends (RFC 5322). */
export async function rawMessage(message: MailMessage): Promise<Uint8Array> {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const { message: raw } = await transport.sendMail(smtpMessage(message));
  if (!(raw instanceof Uint8Array)) throw new Error("nodemailer gave a stream, not a buffer");
  return raw;
}
