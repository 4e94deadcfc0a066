/** Builds finished messages by nodemailer: what recipients share once, all else for each. */

import MailComposer from "nodemailer/lib/mail-composer";
import type MimeNode from "nodemailer/lib/mime-node";
import { referencesOf } from "../../extra_headers.ts";
import type { MailMessage, SharedPart, SlotWords } from "../../transport.ts";
import { dataText, END_OF_DATA } from "../content.ts";
import { smtpMessage } from "./mail_options.ts";
import type { FinishedMessage } from "./finished_message.ts";
import { type Frame, frameOf, type PartEncoding, partEncoding } from "./frame.ts";
import { SharedMessage, type TextPart } from "./shared_message.ts";

/** Builds messages for one server. */
export class MessageBuilder {
  /** What is built once for a sender and a structure: a handful, as both come from the configuration. */
  readonly #frames = new Map<string, Frame | undefined>();

  /** `host` is the server's name: some services want headers of their own. */
  constructor(private readonly host: string) {}

  /** @throws {Error} from nodemailer, for an address that it cannot use */
  async build(message: MailMessage): Promise<FinishedMessage> {
    const options = () => smtpMessage(message, this.host);
    const { shared } = message;
    if (shared !== undefined) {
      const built = this.#sharedMessage(message, shared);
      if (built !== undefined) return built.fill(message, shared, options);
    }
    const node = new MailComposer(options()).compile();
    return { ...envelopeOf(node), data: dataOf(await node.build()) };
  }

  /** Kept with the words: a map of its own with weak keys keeps young objects until a full collection. */
  #sharedMessage(message: MailMessage, { words }: SharedPart): SharedMessage | undefined {
    // Threads differ in whether the email replies to one before it.
    const thread = `${Boolean(message.inReplyTo)} ${referencesOf(message).length > 0}`;
    const key = `${this.host} ${thread}`;
    let built = words.built.get(key);
    if (built === undefined) {
      built = this.#share(message, words, thread) ?? "alone";
      words.built.set(key, built);
    }
    return built instanceof SharedMessage ? built : undefined;
  }

  #share(
    message: MailMessage,
    words: SlotWords,
    thread: string,
  ): SharedMessage | undefined {
    const parts: TextPart[] = [];
    for (const text of words.html === undefined ? [words.text] : [words.text, words.html]) {
      const encoding = partEncoding(text);
      if (encoding === undefined) return undefined;
      parts.push({ text, encoding });
    }
    const frame = this.#frame(message, words, thread, parts.map(({ encoding }) => encoding));
    return frame && SharedMessage.make(frame, message.subject, parts, words.slot);
  }

  #frame(
    message: MailMessage,
    words: SlotWords,
    thread: string,
    encodings: readonly PartEncoding[],
  ): Frame | undefined {
    const key = JSON.stringify([message.from, message.replyTo, thread, encodings]);
    if (!this.#frames.has(key)) {
      const { html: _html, shared: _shared, ...others } = message;
      const node = new MailComposer(smtpMessage({ ...others, ...words }, this.host)).compile();
      this.#frames.set(key, frameOf(node, encodings));
    }
    return this.#frames.get(key);
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
