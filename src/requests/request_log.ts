/** Log and metrics for one request. Each complaint is logged once. */

import { defined } from "../optional.ts";
import type { Log, LogFields } from "../log.ts";
import { loggedMail } from "./delivery/logged_mail.ts";
import type { Observer } from "./observer.ts";
import type { OwedMail } from "./record/outbox.ts";
import type { Ignored, Snapshot } from "./plan.ts";
import type { Routed } from "../routing/router.ts";

export class RequestLog {
  /** What was logged; made with the first, as most requests have nothing to complain of. */
  #logged: Set<string> | undefined;

  constructor(
    private readonly id: string,
    private readonly log: Log,
    private readonly observer: Pick<Observer, "mailDropped">,
  ) {}

  /** The recipients of the request, with warnings for the operator. */
  routed({ recipients, followUps, notices }: Routed): void {
    this.notices(notices);
    const fields = { recipients, ...defined({ follow_ups: followUps }) };
    // Without the trace: it names roles, and the log tells nothing of what requests are about.
    this.log.debug("Request is routed", { request_id: this.id, ...fields });
  }

  /** Warnings about the recipients of the request. */
  notices(notices: Routed["notices"]): void {
    for (const { message, fields } of notices) {
      this.#complain(`${message} ${JSON.stringify(fields)}`, message, fields);
    }
  }

  /** What could not be understood in the record. */
  problems(problems: readonly string[]): void {
    for (const problem of problems) {
      this.#complain(problem, "Plugin data is not as it should be", { problem });
    }
  }

  ignored(reason: Ignored, snapshot: Snapshot): void {
    if (reason === "no-recipients") this.#complain(reason, "No recipients to send");
    else if (reason === "unknown-state" && typeof snapshot === "object") {
      this.#complain(reason, "Unknown request state", { state: snapshot.state });
    } else this.log.debug("Request ignored", { request_id: this.id, reason });
  }

  /** Emails that cannot be sent now; once, as `Successfully sent` follows. */
  waiting(emails: number): void {
    if (!this.#isFirst("waiting")) return;
    this.log.info("Emails wait until the mail transport works again", {
      request_id: this.id,
      emails,
    });
  }

  superseded(mails: readonly OwedMail[]): void {
    for (const mail of mails) {
      this.log.info("Mail is superseded, the request has moved on", loggedMail(this.id, mail));
      this.observer.mailDropped(mail, "superseded");
    }
  }

  /** The request exists, although the record says that it has expired. */
  reopened(): void {
    this.log.warn("Request was closed as expired and exists, correcting it", {
      request_id: this.id,
    });
  }

  /** Mails were sent, and nothing can record it: they may be sent again. */
  unrecorded(mails: number, reason: string): void {
    this.log.warn("Sent mails cannot be recorded", { request_id: this.id, mails, reason });
  }

  /** The record is gone, and with it what was owed. */
  recordDeleted(owed: readonly OwedMail[]): void {
    if (owed.length === 0) return;
    this.log.warn("Owed mails are dropped: the request and its plugin data are gone", {
      request_id: this.id,
      mails: owed.length,
    });
    for (const mail of owed) this.observer.mailDropped(mail, "deleted");
  }

  #complain(what: string, message: string, fields: LogFields = {}): void {
    if (!this.#isFirst(what)) return;
    this.log.warn(message, { request_id: this.id, ...fields });
  }

  #isFirst(what: string): boolean {
    this.#logged ??= new Set();
    const { size } = this.#logged;
    return this.#logged.add(what).size > size;
  }
}
