/** The state of the daemon and of its outbox as text. */

import type { FailedMailStatus, PendingMailStatus, Status } from "../../ops/status.ts";
import { pluralize } from "../text.ts";
import type { OutboxListing } from "../../daemon/mail_status.ts";
import { escapeControls } from "../../text.ts";

const LABEL_WIDTH = 12;
const LAST_FAILED = "; the last reload failed, see the log";

/** One line; names and errors of others are part of the text. */
function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${escapeControls(text)}\n`;
}

/** What the running daemon says of itself, with its outbox. */
export function statusText(status: Status): string {
  const { cluster, mail, pending, failed } = status;
  const name = cluster.name === undefined
    ? "not reached yet"
    : `'${cluster.name}', Teleport ${cluster.server_version ?? "?"}`;
  const way = cluster.connected
    ? `connected via ${cluster.via ?? "?"} since ${cluster.connected_since ?? "?"}`
    : "not connected";
  const until = cluster.certificate === undefined
    ? ""
    : `, credentials until ${cluster.certificate.not_after}`;
  const sent = mail.last_sent === undefined ? "none sent yet" : `last sent ${mail.last_sent}`;
  return [
    line("daemon", `version ${status.version}, started ${status.started}`),
    line("ready", status.ready ? "yes" : `no: ${status.reasons.join("; ")}`),
    line("cluster", `${name}, ${way}${until}`),
    line("watching", `${cluster.watching ? "yes" : "no"}, since ${cluster.watching_since}`),
    line("mail", `${mailState(status)}, ${sent}`),
    ...mail.remedy === undefined ? [] : [line("", `Fix: ${mail.remedy}`)],
    line("settings", `read ${status.reload.loaded}${status.reload.ok ? "" : LAST_FAILED}`),
    line("queue", pluralize(status.queue, "request")),
    outboxText({ pending: pending.emails, failed: failed.emails }, {
      pending: pending.count,
      failed: failed.count,
    }),
    ...unwritableText(status.unwritable),
  ].join("");
}

/** Nothing where every record can be written. */
function unwritableText(unwritable: Status["unwritable"]): readonly string[] {
  if (unwritable === undefined || unwritable.count === 0) return [];
  const { count, requests } = unwritable;
  return [
    line("unwritable", `${pluralize(count, "request")}, the cluster refuses their plugin data`),
    ...requests.map(({ request_id: id, since, attempts, error }) =>
      escapeControls(`  ${id}, since ${since}, ${pluralize(attempts, "attempt")}: ${error}`) + "\n"
    ),
  ];
}

function mailState({ mail }: Status): string {
  const { paused, reason, category, slowed, tried } = mail;
  const why = `${reason ?? "?"}${category === undefined ? "" : ` (${category})`}`;
  if (paused) return `paused: ${why}`;
  // A pause has just ended, and no email has been accepted yet.
  if (reason !== undefined) return `trying again after: ${why}`;
  // The mail server is first tried when the cluster is connected; Mailgun with the first email.
  if (tried === false) return "not tried yet";
  if (slowed === undefined) return "works";
  const { connections, messages_per_second: rate } = slowed;
  const limit = rate === undefined ? "" : ` and ${Number(rate.toFixed(2))} emails per second`;
  return `works, slowed by the mail service to ${pluralize(connections, "connection")}${limit}`;
}

/** The numbers may be larger than the lists. */
export function outboxText(
  { pending, failed }: OutboxListing,
  count: { readonly pending: number; readonly failed: number } = {
    pending: pending.length,
    failed: failed.length,
  },
): string {
  const hint = failed.length === 0
    ? []
    : ["Requeue them: teleport-email status --retry ID, or --retry all\n"];
  return [
    line("pending", pluralize(count.pending, "email")),
    ...pending.map((mail) =>
      escapeControls(`  ${describe(mail)}, since ${mail.since}${attempts(mail)}`) + "\n"
    ),
    line("failed", pluralize(count.failed, "email")),
    ...failed.map((mail) =>
      escapeControls(`  ${describe(mail)}, at ${mail.at}: ${mail.error}`) + "\n"
    ),
    ...hint,
  ].join("");
}

function describe(mail: PendingMailStatus | FailedMailStatus): string {
  const review = mail.review === undefined ? "" : ` ${mail.review + 1}`;
  return `${mail.request_id}  ${mail.kind}${review} to ${mail.recipient}`;
}

function attempts({ attempts, not_before: notBefore, error }: PendingMailStatus): string {
  const next = notBefore === undefined ? "" : `, next not before ${notBefore}`;
  return `, ${pluralize(attempts, "attempt")}${next}${error === undefined ? "" : `: ${error}`}`;
}
