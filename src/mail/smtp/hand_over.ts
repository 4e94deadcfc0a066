/** A finished message on its way into nodemailer's pool. */

import type { Readable } from "node:stream";
import type Mail from "nodemailer/lib/mailer";
import MailMessage from "nodemailer/lib/mailer/mail-message";
import MimeNode, { type MimeNodeEnvelope } from "nodemailer/lib/mime-node";
import type { SMTPPoolOptions, SMTPPoolSentMessageInfo } from "nodemailer/lib/smtp-pool";
import { Content } from "./content.ts";
import type { FinishedMessage } from "./message/finished_message.ts";

type Transporter = Mail<SMTPPoolSentMessageInfo, SMTPPoolOptions>;

/**
 * Hands a finished message to the pool, without nodemailer's steps that would compose one. `makeContent` is
 * called each time that the pool is about to send it.
 */
export function handOver(
  transporter: Transporter,
  message: FinishedMessage,
  signal: AbortSignal,
  makeContent: () => Content,
): Promise<SMTPPoolSentMessageInfo> {
  const mail = new MailMessage<SMTPPoolSentMessageInfo>(transporter, { signal });
  mail.message = new FinishedNode(message, makeContent);
  return new Promise((resolve, reject) => {
    transporter.transporter.send(
      mail,
      (error, info) => info === undefined ? reject(error) : resolve(info),
    );
  });
}

/** A message that nodemailer sends as it is. */
class FinishedNode extends MimeNode {
  constructor(
    private readonly finished: FinishedMessage,
    private readonly makeContent: () => Content,
  ) {
    super(false, { baseBoundary: "-" });
  }

  /** A new one each time: nodemailer stores a refusal in it, and asks again when it resends. */
  override getEnvelope(): MimeNodeEnvelope {
    return { from: this.finished.from, to: [this.finished.to] };
  }

  /** Asked for the Message-ID, for nodemailer's log, which is off. */
  override getHeader(): string {
    return "";
  }

  override messageId(): string {
    return "";
  }

  override createReadStream(): Readable {
    return this.makeContent();
  }
}
