/** Builds finished messages by nodemailer: what recipients share once, all else for each. */

import MailComposer from "nodemailer/lib/mail-composer";
import type MimeNode from "nodemailer/lib/mime-node";
import type { MailMessage } from "../transport.ts";
import { smtpMessage } from "./message.ts";
import type { FinishedMessage } from "./finished_message.ts";
import { SharedMessage } from "./shared_message.ts";

/** Builds messages for one server. */
export class MessageBuilder {
  /** What is built once for all recipients of an email, as long as its words are in use. */
  readonly #shared = new WeakMap<object, Map<string, Promise<SharedMessage | undefined>>>();

  /** `host` is the server's name: some services want headers of their own. */
  constructor(private readonly host: string) {}

  /** @throws {Error} from nodemailer, for an address that it cannot use */
  async build(message: MailMessage): Promise<FinishedMessage> {
    const shared = message.shared && await this.#sharedMessage(message);
    if (shared !== undefined) {
      return shared.fill(smtpMessage(message), message.shared?.insert ?? "");
    }
    const node = new MailComposer(smtpMessage(message, this.host)).compile();
    return { ...envelopeOf(node), bytes: await node.build() };
  }

  async #sharedMessage(message: MailMessage): Promise<SharedMessage | undefined> {
    const words = message.shared?.words;
    if (words === undefined) return undefined;
    let byThread = this.#shared.get(words);
    if (byThread === undefined) this.#shared.set(words, byThread = new Map());
    const { html: _html, ...others } = message;
    const options = smtpMessage({ ...others, ...words }, this.host);
    // Threads differ in whether the email replies to one before it.
    const key = `${options.inReplyTo !== undefined} ${options.references !== undefined}`;
    let shared = byThread.get(key);
    if (shared === undefined) {
      // What fails for one recipient need not fail for the others: each is built alone then.
      shared = SharedMessage.make(new MailComposer(options).compile(), words.slot)
        .catch(() => undefined);
      byThread.set(key, shared);
    }
    return await shared;
  }
}

/** Sender and recipient as the server gets them. */
function envelopeOf(node: MimeNode): { readonly from: string; readonly to: string } {
  const { from, to } = node.getEnvelope();
  return { from: from || "", to: to[0] ?? "" };
}
