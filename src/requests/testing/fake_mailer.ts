/** A mailer that records jobs and gives configured replies. */

import type { Refusal } from "../../mail/transport.ts";
import type { Delivery, Mailer, MailJob } from "../delivery/mailer.ts";
import { mailKey } from "../record/outbox.ts";

export class FakeMailer implements Mailer {
  /** Keys of accepted mails, in order, `<request>/<kind>/<index>/<recipient>`. */
  readonly accepted: string[] = [];
  readonly attempts: string[] = [];
  /** Mails under way that wait for `answer()`, when `hold` is set. */
  readonly held: (() => void)[] = [];
  hold = false;
  /** Held mails wait for a connection, and not for the answer to their content. */
  holdsBeforeContent = false;
  /** What to answer; accepted when it returns undefined. */
  respond: (job: MailJob) => Refusal | undefined = () => undefined;

  async send(
    job: MailJob,
    signal: AbortSignal,
    mayStart: () => boolean = () => true,
  ): Promise<Delivery> {
    const key = `${job.id}/${mailKey(job.mail)}`;
    const messageId = `${key}@x.org`;
    this.attempts.push(key);
    if (this.holdsBeforeContent) await this.#answered(signal);
    const isWithheld = !mayStart();
    if (!this.holdsBeforeContent) await this.#answered(signal);
    if (signal.aborted || isWithheld) {
      return { ok: false, category: "cancelled", retry: "later", error: "cancelled", messageId };
    }
    const refusal = this.respond(job);
    if (refusal !== undefined) return { ...refusal, messageId };
    this.accepted.push(key);
    return { ok: true, messageId, response: "250 ok" };
  }

  #answered(signal: AbortSignal): Promise<void> {
    if (!this.hold) return Promise.resolve();
    return new Promise((resolve) => {
      this.held.push(resolve);
      signal.addEventListener("abort", () => resolve());
    });
  }

  /** Lets the mails under way go on. */
  answer(): void {
    for (const go of this.held.splice(0)) go();
  }
}
