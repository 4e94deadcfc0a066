/** What came of the mails of a scenario. */

import type { ReceivedMail } from "../../sim/mail/mailbox.ts";
import { kindOf } from "../support.ts";

export interface Count {
  readonly lost: number;
  /** What came once more, or was not to come at all. */
  readonly surplus: readonly string[];
}

/** Names of mails: recipient, kind and request. */
export function expectedMails(
  kind: "new" | "resolution",
  ids: readonly string[],
  recipients: readonly string[],
): readonly string[] {
  return ids.flatMap((id) => recipients.map((to) => `${to} ${kind} ${id}`));
}

/** Compares; who got what is told from the mails' words, not from ids that the program makes. */
export function countMails(expected: readonly string[], mails: readonly ReceivedMail[]): Count {
  const missing = new Set(expected);
  const surplus = mails.map(nameOf).filter((name) => !missing.delete(name));
  return { lost: missing.size, surplus };
}

/** Mails that have come but still stand as owed in their request's plugin data. */
export function acceptedAndOwed(
  mails: readonly ReceivedMail[],
  records: ReadonlyMap<string, Readonly<Record<string, string>>>,
): ReadonlySet<string> {
  const owed = new Set([...records].flatMap(([id, record]) => {
    const items: { to: string; kind: string }[] = JSON.parse(record["owed"] ?? "[]");
    return items.map(({ to, kind }) => `${to} ${kind} ${id}`);
  }));
  return new Set(mails.map(nameOf).filter((name) => owed.has(name)));
}

function nameOf(mail: ReceivedMail): string {
  const id = mail.parsed.subject?.split(" ").at(-1) ?? "";
  return `${mail.envelope.to.join()} ${kindOf(mail)} ${id}`;
}
