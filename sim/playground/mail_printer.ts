/** Shows emails on a terminal as they arrive. */

import type { Mailbox, ReceivedMail } from "../mail/mailbox.ts";

/** Prints each email of a mailbox once. */
export class MailPrinter {
  #printed = 0;

  constructor(private readonly mailbox: Mailbox, private readonly say: (text: string) => void) {}

  /** Waits for `count` more emails, and prints them. */
  async expect(count: number): Promise<void> {
    const mails = await this.mailbox.waitFor(this.#printed + count, 10_000);
    for (const mail of mails.slice(this.#printed, this.#printed + count)) this.#print(mail);
  }

  /** Prints everything that arrives until the mailbox is closed. */
  async followAll(): Promise<void> {
    let seen = 0;
    for await (const mail of this.mailbox) {
      if (++seen > this.#printed) this.#print(mail);
    }
  }

  #print(mail: ReceivedMail): void {
    this.#printed++;
    this.say(show(mail));
  }
}

/** The headers that matter, and the text part. */
function show({ parsed, tls, user }: ReceivedMail): string {
  const from = parsed.from;
  const headers = [
    `From: ${from?.name} <${from?.address}>`,
    `To: ${parsed.to?.map(({ address }) => address).join(", ")}`,
    `Subject: ${parsed.subject}`,
    `Message-ID: ${parsed.messageId}`,
    ...parsed.inReplyTo === undefined ? [] : [`In-Reply-To: ${parsed.inReplyTo}`],
  ];
  const by = `${tls ? "over TLS" : "in the clear"}${user === undefined ? "" : ` as ${user}`}`;
  const lines = [...headers, "", ...(parsed.text ?? "").trimEnd().split("\n")];
  return [`┌── a mail arrives ${by}`, ...lines.map((line) => `│ ${line}`), "└──"].join("\n");
}
