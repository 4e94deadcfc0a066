/** Renders owed mails from the latest state of their request and hands them to the transport. */

import { composeMail, type MailContent } from "../../mail/content/compose.ts";
import type { MailData } from "../../mail/content/mail_data.ts";
import { composeShared, type SharedWords, slotInsert } from "../../mail/content/shared_words.ts";
import type { MailLook } from "../../mail/content/scope.ts";
import { messageId } from "../../mail/message_id.ts";
import type { Templates } from "../../mail/content/templates.ts";
import type { Mailbox, MailTransport, SharedPart } from "../../mail/transport.ts";
import type { Runtime } from "../../runtime.ts";
import { loggedMail } from "./logged_mail.ts";
import { mailData, type MailDataContext } from "./mail_data.ts";
import type { Delivery, Mailer, MailJob } from "./mailer.ts";
import type { ResourceNames } from "./resource_names.ts";
import type { OwedMail } from "../record/outbox.ts";
import { isOriginalThread } from "../record/thread.ts";

export interface ComposingMailerDeps extends Pick<Runtime, "clock" | "log"> {
  readonly transport: Pick<MailTransport, "send">;
  readonly templates: Templates;
  readonly from: Mailbox;
  /** The sender's domain, for message ids. */
  readonly domain: string;
  readonly replyTo?: Mailbox;
  readonly look: MailLook;
  /** Names and labels of requested resources. */
  readonly resources: ResourceNames;
  readonly clusterName: string;
  /** The request's web page; undefined where the cluster has none. */
  readonly link: (requestId: string) => string | undefined;
}

/** Texts contain phrases such as "in 25 minutes": they are composed again after this time. */
const WORDS_AGE_MS = 10_000;

/** The words of one email. */
interface Words extends MailContent {
  readonly shared?: SharedPart;
}

export class ComposingMailer implements Mailer {
  constructor(private readonly deps: ComposingMailerDeps) {}

  async send(job: MailJob, signal: AbortSignal, mayStart?: () => boolean): Promise<Delivery> {
    const { deps } = this;
    const messageId = this.#messageId(job, job.mail);
    const data = mailData(job, await this.#context(job, signal));
    if (data === undefined) {
      const error =
        `Cannot compose mail: review ${job.mail.index} of the request is not known here`;
      return { ok: false, category: "message", retry: "later", error, messageId };
    }
    const content = this.#words(job, data);
    this.#complain(job, content);
    const parent = this.#parent(job);
    const references = this.#references(job, parent);
    const message = {
      messageId,
      from: deps.from,
      to: job.mail.to,
      ...(deps.replyTo === undefined ? {} : { replyTo: deps.replyTo }),
      subject: content.subject,
      ...(parent === undefined ? {} : { inReplyTo: parent }),
      ...(references === undefined ? {} : { references }),
      date: new Date(deps.clock.now()),
      text: content.text,
      ...(content.html === undefined ? {} : { html: content.html }),
      ...(content.shared === undefined ? {} : { shared: content.shared }),
    };
    const receipt = await deps.transport.send(message, signal, mayStart);
    return { messageId, ...receipt };
  }

  #words(job: MailJob, data: MailData): Words {
    const { templates, look } = this.deps;
    const insert = slotInsert(data, look);
    const words = insert === undefined ? undefined : this.#sharedWords(job, data, insert);
    if (insert === undefined || words === undefined) return composeMail(data, templates, look);
    return { ...words, shared: { words, insert } };
  }

  #sharedWords(
    { batch, mail, record }: MailJob,
    data: MailData,
    insert: string,
  ): SharedWords | undefined {
    if (batch === undefined) return undefined;
    const { kind, index } = mail;
    // Another replica may resolve the request while its emails leave.
    const { resolution, resolveReason } = record;
    const key = JSON.stringify([kind, index, insert !== "", resolution, resolveReason]);
    const known = batch.get(key);
    if (known !== undefined && Math.abs(data.nowMs - known.atMs) < WORDS_AGE_MS) return known.words;
    const words = composeShared(data, this.deps.templates, this.deps.look);
    batch.set(key, { atMs: data.nowMs, words });
    return words;
  }

  async #context({ id, lastKnown }: MailJob, signal: AbortSignal): Promise<MailDataContext> {
    const { look, resources, clusterName, link, clock } = this.deps;
    const isShown = look.html || look.details;
    return {
      clusterName,
      link,
      resources: await resources.find(id, isShown ? lastKnown?.resources ?? [] : [], signal),
      nowMs: clock.now(),
    };
  }

  /** The first mail of the thread; undefined for that mail itself. */
  #parent(job: MailJob): string | undefined {
    const { id, mail, record } = job;
    if (mail.kind === "new" || mail.kind === "requester-new") return undefined;
    if (isInRequesterThread(job)) {
      return this.#messageId({ id }, { ...mail, kind: "requester-new", index: 0 });
    }
    const thread = record.threads.find((thread) => thread.recipient === mail.to);
    // Without a thread the first mail may have been accepted all the same: its id can be derived.
    if (thread === undefined) return this.#messageId({ id }, { ...mail, kind: "new", index: 0 });
    return thread.messageId === "" ? undefined : thread.messageId;
  }

  /**
   * What mail clients group the thread by: a root that no email has and every one refers to, the first one
   * included, so that a service which replaces Message-IDs breaks nothing; then the first email, under our
   * id and the one that the service gave it. A thread that the original began goes on as it began.
   */
  #references(job: MailJob, parent: string | undefined): readonly string[] | undefined {
    const { id, mail, record } = job;
    const isRequester = isInRequesterThread(job);
    const thread = isRequester
      ? undefined
      : record.threads.find((thread) => thread.recipient === mail.to);
    if (thread !== undefined && isOriginalThread(thread)) return undefined;
    const kind = isRequester ? "requester-thread" : "thread";
    const { domain } = this.deps;
    const root = messageId({ requestId: id, kind, index: 0, recipient: mail.to, domain });
    if (parent === undefined) return [root];
    const first = isRequester ? "requester-new" : "new";
    return [root, this.#messageId({ id }, { ...mail, kind: first, index: 0 }), parent];
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

/** A requester who is one of the reviewers has one thread, that of a reviewer. */
function isInRequesterThread({ mail: { kind, to }, record }: MailJob): boolean {
  return kind.startsWith("requester") && !record.threads.some(({ recipient }) => recipient === to);
}
