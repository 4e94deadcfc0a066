/** The emails that a simulated mail server has accepted. */

import type { Email } from "postal-mime";

/** One accepted email. */
export interface ReceivedMail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** As received, without the dot-stuffing of RFC 5321 §4.5.2. */
  readonly raw: string;
  readonly parsed: Email;
  readonly tls: boolean;
  /** The client's EHLO name. */
  readonly hello: string;
  /** Absent when the client has not logged in. */
  readonly user?: string;
  readonly receivedAt: Date;
}

/** Emails in order of arrival. Iteration waits for more until the mailbox is closed. */
export class Mailbox implements AsyncIterable<ReceivedMail>, Disposable {
  readonly #mails: ReceivedMail[] = [];
  readonly #waiting = new Set<() => void>();
  #closed = false;

  /** All emails so far. */
  get mails(): readonly ReceivedMail[] {
    return this.#mails;
  }

  add(mail: ReceivedMail): void {
    this.#mails.push(mail);
    this.#wake();
  }

  /** Deletes all emails. */
  clear(): void {
    this.#mails.length = 0;
  }

  /** The emails to one recipient. */
  to(recipient: string): readonly ReceivedMail[] {
    return this.#mails.filter((mail) => mail.envelope.to.includes(recipient));
  }

  /** Waits until there are at least `count` emails. */
  async waitFor(count: number, timeoutMs = 60_000): Promise<readonly ReceivedMail[]> {
    const enough = Promise.withResolvers<void>();
    const check = () => {
      if (this.#mails.length >= count) enough.resolve();
      else if (this.#closed) enough.reject(new Error(`${this.#missing(count)}: closed`));
    };
    const timer = setTimeout(
      () => enough.reject(new Error(`${this.#missing(count)} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#waiting.add(check);
    check();
    try {
      await enough.promise;
      return [...this.#mails];
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMail> {
    for (let next = 0; !this.#closed || next < this.#mails.length; next++) {
      while (!this.#closed && next >= this.#mails.length) await this.#change();
      const mail = this.#mails[next];
      if (mail) yield mail;
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const once = () => {
        this.#waiting.delete(once);
        resolve();
      };
      this.#waiting.add(once);
    });
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check();
  }

  #missing(count: number): string {
    return `Cannot wait for ${count} mails: ${this.#mails.length} arrived`;
  }
}
