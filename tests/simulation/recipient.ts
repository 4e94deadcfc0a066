/** Whether one recipient got the mails of a request: each that is due, in order, in one thread. */

import type { RoutedEvent } from "../../src/routing/trace.ts";
import type { Excuse, Sending } from "./ledger.ts";
import type { StoredFacts } from "./record_reader.ts";
import type { Routing } from "./routing.ts";

/** Mails that outlive their sender may come late: the next owner cannot wait for them. */
const LATE: ReadonlySet<Excuse | undefined> = new Set([
  "lease was overtaken",
  "sender crashed",
  "sender was cut off",
  "write was refused",
]);

export function mailsOfReviewer(
  to: string,
  kinds: ReadonlySet<RoutedEvent>,
  record: StoredFacts,
  reviews: number,
  got: readonly Sending[],
): readonly string[] {
  if (hasFailed(record, to, "new", 0)) {
    return got.length > 0 ? [`${to} got mails after a first one that was refused`] : [];
  }
  const surplus = got.map(({ mail }) => mail)
    .filter((mail) =>
      !kinds.has(
        mail.replace(/\/.*/, "").replace("reopened", "resolution")
          .replace("reminder", "new") as RoutedEvent,
      )
    )
    .map((mail) => `${mail} is not for ${to}`);
  const lacks = (kind: string, index = 0) => isLacking(record, to, got, kind, index);
  const wrong: string[] = [...surplus];
  if (record.resolution !== "") {
    // What a resolution may supersede is judged when it is written, by the audit.
    if (kinds.has("resolution") && lacks("resolution", record.reopened)) {
      wrong.push(`${to} does not know the outcome`);
    }
  } else {
    if (kinds.has("new") && lacks("new")) wrong.push(`${to} was not told`);
    const isCorrected = record.reopened > 0 && kinds.has("resolution");
    if (isCorrected && lacks("reopened", record.reopened)) {
      wrong.push(`${to} still believes in a false end`);
    }
    for (let index = 0; kinds.has("review") && index < reviews; index++) {
      if (lacks("review", index)) wrong.push(`${to} did not get review ${index}`);
    }
  }
  return [...wrong, ...disorder(to, record, got), ...strays(got)];
}

export function mailsOfRequester(
  to: string,
  record: StoredFacts,
  reviews: number,
  routing: Pick<Routing, "silences" | "hasFirst">,
  gotBy: (to: string) => readonly Sending[],
): readonly string[] {
  const got = gotBy(to);
  const lacks = (kind: string, index = 0) => isLacking(record, to, got, kind, index);
  const wrong: string[] = [];
  if (record.resolution !== "") {
    if (routing.silences("resolution")) {
      const isTold = got.some(({ mail }) => mail.startsWith("requester-resolution"));
      if (isTold) wrong.push("the requester got a resolution that is silent");
    } else if (lacks("requester-resolution", record.reopened)) {
      wrong.push("the requester does not know the outcome");
    }
  } else {
    // A request that is reopened is confirmed again, also where the first confirmation was superseded.
    const isConfirmed = record.reopened > 0
      ? routing.silences("resolution") || !lacks("requester-reopened", record.reopened)
      : !routing.hasFirst || !lacks("requester-new");
    if (!isConfirmed) wrong.push("the requester got no confirmation");
    for (let index = 0; !routing.silences("review") && index < reviews; index++) {
      if (lacks("requester-review", index)) wrong.push(`the requester lacks review ${index}`);
    }
  }
  return [...wrong, ...disorder(to, record, got)];
}

function isLacking(
  record: StoredFacts,
  to: string,
  got: readonly Sending[],
  kind: string,
  index: number,
): boolean {
  const mail = `${kind}/${index}/${to}`;
  return !got.some((sending) => sending.mail === mail) && !hasFailed(record, to, kind, index);
}

function hasFailed(record: StoredFacts, to: string, kind: string, index: number): boolean {
  return record.failed.some((mail) => mail.to === to && mail.kind === kind && mail.index === index);
}

/** Reviews come in order, and so do ends and reopenings; a request that is reopened goes on as before. */
function disorder(
  to: string,
  { reopened }: StoredFacts,
  got: readonly Sending[],
): readonly string[] {
  const firsts = got
    .filter(({ mail }, at) => got.findIndex((other) => other.mail === mail) === at)
    .filter(({ excuse }) => !LATE.has(excuse));
  const isReview = ({ mail }: Sending) => /^(requester-)?review\//.test(mail);
  const isTimed = ({ mail }: Sending) => /^(reminder|requester-access-ending)\//.test(mail);
  // Reminders may come before and behind any review.
  const news = firsts.filter((sending) => !isTimed(sending));
  const rows = reopened > 0
    ? [news.filter(isReview), news.filter((sending) => !isReview(sending)), firsts.filter(isTimed)]
    : [news, firsts.filter((sending) => !isReview(sending))];
  return rows.flatMap((row) =>
    row.flatMap((sending, at) => {
      const before = row[at - 1];
      const isWrong = before !== undefined && rank(before) > rank(sending);
      return isWrong ? [`${to} got ${before.mail} before ${sending.mail}`] : [];
    })
  );
}

/** Behind every review, `resolution/0`, `reopened/1`, `resolution/1` and so on. */
function rank({ mail }: Sending): number {
  const [kind = "", index] = mail.replace(/^requester-/, "").split("/");
  if (kind === "review") return Number(index);
  if (kind === "new") return -1;
  if (kind === "reminder") return Number(index) / 1000;
  if (kind === "access-ending") return Infinity;
  return 1000 + 2 * Number(index) + (kind === "reopened" ? 0 : 1);
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
