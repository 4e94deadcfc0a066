/** The email to an owner of access lists. */

import { composeMail } from "../mail/content/compose.ts";
import type { MailLook } from "../mail/content/scope.ts";
import type { Templates } from "../mail/content/templates.ts";
import { messageId } from "../mail/message_id.ts";
import type { Mailbox, MailMessage } from "../mail/transport.ts";
import { defined } from "../optional.ts";
import type { Runtime } from "../runtime.ts";
import type { DueList } from "./reviews.ts";

export interface MessageDeps extends Pick<Runtime, "clock" | "log"> {
  readonly templates: Templates;
  readonly look: MailLook;
  readonly from: Mailbox;
  readonly replyTo?: Mailbox;
  /** The sender's domain, for message ids. */
  readonly domain: string;
  readonly clusterName: string;
  /** The web page of a list; undefined where the cluster has none. */
  readonly link: (accessList: string) => string | undefined;
}

/**
 * The email about lists that are due. A repeat about the same lists and steps has the same Message-ID; the
 * list that is due first comes first.
 */
export function reminderMessage(
  to: string,
  due: readonly DueList[],
  { clock, log, templates, look, from, replyTo, domain, clusterName, link }: MessageDeps,
): MailMessage {
  const nowMs = clock.now();
  const accessLists = due.map(({ list }) => ({
    name: list.name,
    title: list.title,
    description: list.description,
    memberCount: list.memberCount,
    dueMs: list.nextAuditMs ?? nowMs,
    link: link(list.name),
  })).sort((a, b) => a.dueMs - b.dueMs || (a.name < b.name ? -1 : 1));
  const { subject, text, html, warnings } = composeMail(
    {
      kind: "access-list-review",
      audience: "owner",
      requestType: "role",
      id: "",
      cluster: clusterName,
      user: "",
      roles: undefined,
      reason: "",
      link: undefined,
      status: { state: "PENDING", reason: "" },
      accessLists,
      nowMs,
    },
    templates,
    look,
  );
  for (const problem of warnings) log.warn("A template failed", { email: to, problem });
  const steps = due.map(({ list, stepMs }) => `${list.name} ${stepMs}`).sort();
  const identity = { requestId: JSON.stringify(steps), kind: "access-list-review", index: 0 };
  return {
    messageId: messageId({ ...identity, recipient: to, domain }),
    from,
    to,
    subject,
    date: new Date(nowMs),
    text,
    ...defined({ html, replyTo }),
  };
}
