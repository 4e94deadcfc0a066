/** Received emails as the page shows them: by recipient and thread. */

import type { ReceivedMail } from "../../mail/mailbox.ts";

/** One email of an inbox. */
export interface MailView {
  /** Its place among all received emails, from 0 on. */
  readonly number: number;
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly receivedAt: string;
  /** The Message-ID of the thread's first email. */
  readonly thread: string;
  /** The state that it reports, such as `APPROVED`; undefined for reviews. */
  readonly state: string | undefined;
  readonly text: string;
  readonly hasHtml: boolean;
}

/** A status line as every text part but that of reviews has one: emoji, state and reason. */
const STATUS = /^Status: \S+ ([A-Z]+)/m;

/** The view of an email. */
export function mailView({ parsed, envelope, receivedAt }: ReceivedMail, number: number): MailView {
  const { from, subject = "", text = "", html, messageId = "", inReplyTo, references } = parsed;
  return {
    number,
    to: envelope.to.join(", "),
    from: from?.name ? `${from.name} <${from.address}>` : from?.address ?? "",
    subject,
    receivedAt: receivedAt.toISOString(),
    thread: references?.split(/\s+/)[0] ?? inReplyTo ?? messageId,
    state: STATUS.exec(text)?.[1],
    text: text.trimEnd(),
    hasHtml: html !== undefined,
  };
}

/**
 * The HTML part as a document of its own. Its colour scheme is the one chosen in the page, whatever the
 * display's is.
 */
export function mailDocument({ parsed }: ReceivedMail, scheme: "light" | "dark"): string {
  const query = scheme === "dark" ? "@media all" : "@media not all";
  return (parsed.html ?? "").replaceAll("@media (prefers-color-scheme: dark)", query);
}
