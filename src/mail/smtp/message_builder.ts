/** Builds finished messages by nodemailer: what recipients share once, all else for each. */

import type { SendMailOptions } from "nodemailer";
import MailComposer from "nodemailer/lib/mail-composer";
import type MimeNode from "nodemailer/lib/mime-node";
import type { MailMessage, SharedPart } from "../transport.ts";
import { dataText, END_OF_DATA } from "./content.ts";
import { smtpMessage } from "./message.ts";
import type { FinishedMessage } from "./finished_message.ts";
import { SharedMessage } from "./shared_message.ts";

/** Builds messages for one server. */
export class MessageBuilder {
  /** What is built once for all recipients of an email, as long as its words are in use. */
  readonly #shared = new WeakMap<object, Map<string, SharedMessage | undefined>>();

  /** `host` is the server's name: some services want headers of their own. */
  constructor(private readonly host: string) {}

  /** @throws {Error} from nodemailer, for an address that it cannot use */
  async build(message: MailMessage): Promise<FinishedMessage> {
    const options = smtpMessage(message, this.host);
    const shared = message.shared && this.#sharedMessage(message, message.shared, options);
    if (shared !== undefined) return shared.fill(options, message.shared?.insert ?? "");
    const node = new MailComposer(options).compile();
    return { ...envelopeOf(node), data: dataOf(await node.build()) };
  }

  #sharedMessage(
    message: MailMessage,
    { words }: SharedPart,
    { inReplyTo, references }: SendMailOptions,
  ): SharedMessage | undefined {
    let byThread = this.#shared.get(words);
    if (byThread === undefined) this.#shared.set(words, byThread = new Map());
    // Threads differ in whether the email replies to one before it.
    const key = `${inReplyTo !== undefined} ${references !== undefined}`;
    if (!byThread.has(key)) {
      const { html: _html, ...others } = message;
      const options = smtpMessage({ ...others, ...words }, this.host);
      byThread.set(key, SharedMessage.make(new MailComposer(options).compile(), words.slot));
    }
    return byThread.get(key);
  }
}

/** As `dataText`, of bytes, which may be those of non-ASCII addresses. */
function dataOf(message: Buffer): Uint8Array {
  const text = dataText(message.toString("latin1"));
  const lineEnd = text.endsWith("\n") ? "" : "\r\n";
  return Buffer.from(text + lineEnd + END_OF_DATA, "latin1");
}

/** Sender and recipient as the server gets them. */
function envelopeOf(node: MimeNode): { readonly from: string; readonly to: string } {
  const { from, to } = node.getEnvelope();
  return { from: from || "", to: to[0] ?? "" };
}
