/** Whether a soak has kept the promise of docs/internals/delivery.md: what is missing, and what came twice. */

import type { ReceivedMail } from "../../sim/mail/mailbox.ts";
import { kindOf, textOf } from "../support.ts";
import type { Acceptance, Cause, Excuses } from "./excuses.ts";
import type { Asked } from "./people.ts";

export interface Verdict {
  /** Mails, each counted once. */
  readonly mails: number;
  /** Further acceptances of mails, by what excuses them. */
  readonly repeats: Readonly<Record<Cause, number>>;
  /** Everything that the promise does not allow. */
  readonly wrong: readonly string[];
}

/** Looks at all mails of a soak that has come to rest. */
export function judge(
  asked: readonly Asked[],
  received: readonly ReceivedMail[],
  excuses: Excuses,
): Verdict {
  const byId = Map.groupBy(received, ({ parsed }) => parsed.messageId ?? "");
  const repeats = { "no answer": 0, "sender died": 0, overtaken: 0 };
  const wrong: string[] = [];
  for (const [messageId, copies] of byId) {
    for (const [index, copy] of copies.slice(1).entries()) {
      const before = copies[index];
      const cause = before && excuses.take(acceptance(before), acceptance(copy));
      if (cause !== undefined) repeats[cause]++;
      else wrong.push(`${messageId} came again without excuse: ${copies.map(seen).join(", ")}`);
    }
  }
  const mails = [...byId.values()].flatMap((copies) => copies.slice(0, 1));
  const byRequest = Map.groupBy(mails, ({ parsed }) => parsed.subject?.split(" ").at(-1) ?? "");
  for (const entry of asked) wrong.push(...missing(entry, byRequest.get(entry.id) ?? []));
  return { mails: mails.length, repeats, wrong };
}

function missing(entry: Asked, mails: readonly ReceivedMail[]): readonly string[] {
  const strangers = mails.filter(({ envelope }) => !entry.recipients.includes(envelope.to.join()));
  return [
    ...strangers.map(({ envelope }) => `${entry.id}: ${envelope.to.join()} is not a recipient`),
    ...entry.recipients.flatMap((to) => {
      const got = mails.filter(({ envelope }) => envelope.to.includes(to));
      return problems(entry, got).map((problem) => `${entry.id} ${to}: ${problem}`);
    }),
  ];
}

/** What is wrong with all that one recipient has got about one request. */
function problems(
  { isPatient, reviews, end }: Asked,
  got: readonly ReceivedMail[],
): readonly string[] {
  const kinds = got.map(kindOf);
  const count = (kind: string) => kinds.filter((other) => other === kind).length;
  const wrong: string[] = [];
  const [news, told, resolutions] = [count("new"), count("review"), count("resolution")];
  // A quick decision may come before the first mail, or before a replica watches.
  const isDue = isPatient || end === undefined;
  if (news > 1 || (isDue && news === 0)) wrong.push(`${news} first mails`);
  if (told > reviews || (isDue && told < reviews)) wrong.push(`${told} of ${reviews} reviews`);
  const isEndDue = end !== undefined && (isPatient || news > 0);
  if (resolutions > (end === undefined ? 0 : 1) || (isEndDue && resolutions === 0)) {
    wrong.push(`${resolutions} resolutions`);
  }
  const last = got.find((mail) => kindOf(mail) === "resolution");
  if (last !== undefined && !textOf(last).includes(end ?? "")) wrong.push(`not informed of ${end}`);
  const order = ["new", "review", "resolution"];
  const isSorted = kinds.every((kind, i) =>
    i === 0 || order.indexOf(kind) >= order.indexOf(kinds[i - 1] ?? kind)
  );
  if (!isSorted) wrong.push(`out of order: ${kinds.join(", ")}`);
  return wrong;
}

function acceptance({ hello, receivedAt }: ReceivedMail): Acceptance {
  return { replica: hello.split(".")[0] ?? "", atMs: receivedAt.getTime() };
}

function seen(mail: ReceivedMail): string {
  return `${mail.receivedAt.toISOString()} from ${acceptance(mail).replica}`;
}
