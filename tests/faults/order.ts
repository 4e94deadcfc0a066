/** In which order the mails about one request have to reach one person. */

import assert from "node:assert/strict";
import type { ReceivedMail } from "../../sim/mail/mailbox.ts";
import { kindOf, textOf } from "../support.ts";

/** The first mail, then reviews by `r0`, `r1` and so on, whatever comes between for others. */
export function assertInOrder(mails: readonly ReceivedMail[]): void {
  const next = new Map<string, number>();
  for (const mail of mails) {
    const thread = `${mail.envelope.to.join()} ${mail.parsed.subject}`;
    const expected = next.get(thread) ?? 0;
    assert.equal(position(mail), expected, `mail out of order to ${thread}`);
    next.set(thread, expected + 1);
  }
}

function position(mail: ReceivedMail): number {
  if (kindOf(mail) === "new") return 0;
  return Number(/^r(\d+) reviewed the request/m.exec(textOf(mail))?.[1]) + 1;
}
