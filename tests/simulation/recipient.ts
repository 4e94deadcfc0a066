/** Whether one recipient got the mails of a request: each that is due, in order, in one thread. */

import type { MailKind } from "../../src/requests/record/outbox.ts";
import type { PluginRecord } from "../../src/requests/record/record.ts";
import type { Excuse, Sending } from "./ledger.ts";

/** Mails that outlive their sender may come late: the next owner cannot wait for them. */
const LATE: ReadonlySet<Excuse | undefined> = new Set([
  "lease was overtaken",
  "sender crashed",
  "sender was cut off",
]);

export function mailsOfReviewer(
  to: string,
  record: PluginRecord,
  reviews: number,
  got: readonly Sending[],
): readonly string[] {
  if (hasFailed(record, to, "new", 0)) {
    return got.length > 0 ? [`${to} got mails after a first one that was refused`] : [];
  }
  const lacks = (kind: MailKind, index = 0) => isLacking(record, to, got, kind, index);
  const wrong: string[] = [];
  if (record.resolution !== "") {
    // What a resolution may supersede is judged when it is written, by the audit.
    if (lacks("resolution")) wrong.push(`${to} does not know the outcome`);
  } else {
    if (lacks("new")) wrong.push(`${to} was not told`);
    for (let index = 0; index < reviews; index++) {
      if (lacks("review", index)) wrong.push(`${to} did not get review ${index}`);
    }
  }
  return [...wrong, ...disorder(to, got), ...strays(got)];
}

export function mailsOfRequester(
  to: string,
  record: PluginRecord,
  reviews: number,
  got: readonly Sending[],
): readonly string[] {
  const lacks = (kind: MailKind, index = 0) => isLacking(record, to, got, kind, index);
  const wrong: string[] = [];
  if (record.resolution !== "") {
    if (lacks("requester-resolution")) wrong.push("the requester does not know the outcome");
  } else {
    if (lacks("requester-new")) wrong.push("the requester got no confirmation");
    for (let index = 0; index < reviews; index++) {
      if (lacks("requester-review", index)) wrong.push(`the requester lacks review ${index}`);
    }
  }
  return [...wrong, ...disorder(to, got)];
}

function isLacking(
  record: PluginRecord,
  to: string,
  got: readonly Sending[],
  kind: MailKind,
  index: number,
): boolean {
  const mail = `${kind}/${index}/${to}`;
  return !got.some((sending) => sending.mail === mail) && !hasFailed(record, to, kind, index);
}

function hasFailed(record: PluginRecord, to: string, kind: MailKind, index: number): boolean {
  return record.failed.some((mail) => mail.to === to && mail.kind === kind && mail.index === index);
}

function disorder(to: string, got: readonly Sending[]): readonly string[] {
  const firsts = got
    .filter(({ mail }, at) => got.findIndex((other) => other.mail === mail) === at)
    .filter(({ excuse }) => !LATE.has(excuse));
  return firsts.flatMap((sending, at) => {
    const before = firsts[at - 1];
    const isWrong = before !== undefined && rank(before) > rank(sending);
    return isWrong ? [`${to} got ${before.mail} before ${sending.mail}`] : [];
  });
}

function rank({ mail }: Sending): number {
  const [kind = "", index] = mail.replace(/^requester-/, "").split("/");
  return kind === "new" ? -1 : kind === "review" ? Number(index) : Infinity;
}

/** Follow-ups answer the first mail. */
function strays(got: readonly Sending[]): readonly string[] {
  const isFirst = ({ mail }: Sending) => mail.startsWith("new/");
  const root = got.find(isFirst)?.message.messageId;
  return got
    .filter((sending) => root !== undefined && !isFirst(sending))
    .filter(({ message }) => message.inReplyTo !== root)
    .map(({ mail }) => `${mail} does not answer the first mail`);
}
