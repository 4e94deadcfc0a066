/** Renders owed mails from the latest state of their request and hands them to the transport. */

import { composeMail, type MailContent } from "../../mail/content/compose.ts";
import type { MailData } from "../../mail/content/mail_data.ts";
import { messageId } from "../../mail/message_id.ts";
import type { Templates } from "../../mail/content/templates.ts";
import type { Mailbox, MailTransport } from "../../mail/transport.ts";
import type { Runtime } from "../../runtime.ts";
import { loggedMail } from "./logged_mail.ts";
import type { Delivery, Mailer, MailJob } from "./mailer.ts";
import type { MailKind, OwedMail } from "../record/outbox.ts";

export interface ComposingMailerDeps extends Pick<Runtime, "clock" | "log"> {
  readonly transport: Pick<MailTransport, "send">;
  readonly templates: Templates;
  readonly from: Mailbox;
  /** The sender's domain, for message ids. */
  readonly domain: string;
  readonly replyTo?: Mailbox;
  readonly html: boolean;
  readonly clusterName: string;
  /** The request's web page; undefined where the cluster has none. */
  readonly link: (requestId: string) => string | undefined;
}

export class ComposingMailer implements Mailer {
  constructor(private readonly deps: ComposingMailerDeps) {}

  async send(job: MailJob, signal: AbortSignal): Promise<Delivery> {
    const { deps } = this;
    const messageId = this.#messageId(job, job.mail);
    const facts = this.#facts(job);
    if (facts === undefined) {
      const error =
        `Cannot compose mail: review ${job.mail.index} of the request is not known here`;
      return { ok: false, category: "message", retry: "later", error, messageId };
    }
    const content = composeMail(facts, deps.templates, { html: deps.html });
    this.#complain(job, content);
    const parent = this.#parent(job);
    const receipt = await deps.transport.send({
      messageId,
      from: deps.from,
      to: job.mail.to,
      ...(deps.replyTo === undefined ? {} : { replyTo: deps.replyTo }),
      subject: content.subject,
      ...(parent === undefined ? {} : { inReplyTo: parent }),
      date: new Date(deps.clock.now()),
      text: content.text,
      ...(content.html === undefined ? {} : { html: content.html }),
    }, signal);
    return { messageId, ...receipt };
  }

  /**
   * A first mail tells of the request as it is now. Its closing mail repeats what was told then, as in
   * the original: by that time the request itself may be gone.
   */
  #facts({ id, mail, snapshot, record }: MailJob): MailData | undefined {
    const request = typeof snapshot === "string" || isClosing(mail.kind) ? undefined : snapshot;
    const roles = request?.roles ?? record.roles;
    const base = {
      audience: mail.kind.startsWith("requester") ? "requester" : "reviewer",
      id,
      cluster: this.deps.clusterName,
      user: request?.user ?? record.user,
      // The wire does not tell an empty list from none; the original takes it for none.
      roles: roles.length === 0 ? undefined : roles,
      reason: request?.reason ?? record.requestReason,
      link: this.deps.link(id),
    } as const;
    if (isClosing(mail.kind)) {
      const { resolution } = record;
      const state = resolution === "" || resolution === "UNKNOWN" ? "EXPIRED" : resolution;
      const status = { state, reason: record.resolveReason };
      return { ...base, kind: "resolution", status, isCorrection: mail.index > 0 };
    }
    const status = { state: "PENDING", reason: "" } as const;
    if (mail.kind === "reopened" || mail.kind === "requester-reopened") {
      return { ...base, kind: "reopened", status, isCorrection: true };
    }
    if (mail.kind !== "review") return { ...base, kind: "new", status };
    const review = request?.reviews[mail.index];
    if (review === undefined) return undefined;
    const { author, state, reason, createdMs } = review;
    return { ...base, kind: "review", status, review: { author, state, reason, createdMs } };
  }

  /** The first mail of the thread; undefined for that mail itself. */
  #parent({ id, mail, record }: MailJob): string | undefined {
    if (mail.kind === "new" || mail.kind === "requester-new") return undefined;
    if (mail.kind.startsWith("requester")) {
      return this.#messageId({ id }, { ...mail, kind: "requester-new", index: 0 });
    }
    const thread = record.threads.find((thread) => thread.recipient === mail.to);
    // Without a thread the first mail may have been accepted all the same: its id can be derived.
    if (thread === undefined) return this.#messageId({ id }, { ...mail, kind: "new", index: 0 });
    return thread.messageId === "" ? undefined : thread.messageId;
  }

  #messageId({ id }: Pick<MailJob, "id">, { kind, index, to }: OwedMail): string {
    return messageId({ requestId: id, kind, index, recipient: to, domain: this.deps.domain });
  }

  #complain({ id, mail }: MailJob, { warnings }: MailContent): void {
    for (const problem of warnings) {
      this.deps.log.warn("A template failed", { ...loggedMail(id, mail), problem });
    }
  }
}

function isClosing(kind: MailKind): boolean {
  return kind === "resolution" || kind === "requester-resolution";
}
