import assert from "node:assert/strict";
import PostalMime from "postal-mime";
import type { ReceivedMail } from "../../sim/mail/mailbox.ts";
import { acceptedAndOwed, countMails, expectedMails } from "./count.ts";

async function aMail(to: string, id: string, text: string): Promise<ReceivedMail> {
  const raw = `Subject: Role Request ${id}\r\n\r\n${text}\r\n`;
  const parsed = await PostalMime.parse(raw);
  return {
    envelope: { from: "", to: [to] },
    raw,
    parsed,
    tls: true,
    hello: "",
    receivedAt: new Date(),
  };
}

const NEW = "You have a new Role Request:";
const EXPECTED = expectedMails("new", ["r1"], ["a@x.org", "b@x.org"]);

Deno.test("countMails() counts missing, duplicate and undue mails", async () => {
  const mails = [
    await aMail("a@x.org", "r1", NEW),
    await aMail("a@x.org", "r1", NEW),
    await aMail("b@x.org", "r2", NEW),
    await aMail("b@x.org", "r1", "Role Request has been resolved:"),
  ];
  assert.deepEqual(countMails(EXPECTED, mails), {
    lost: 1,
    surplus: ["a@x.org new r1", "b@x.org new r2", "b@x.org resolution r1"],
  });
  const both = [await aMail("b@x.org", "r1", NEW), ...mails.slice(0, 1)];
  assert.deepEqual(countMails(EXPECTED, both), { lost: 0, surplus: [] });
});

Deno.test("acceptedAndOwed() gives the mails that a killed program could not settle", async () => {
  const mails = [await aMail("a@x.org", "r1", NEW), await aMail("b@x.org", "r1", NEW)];
  const owed = [{ kind: "new", to: "b@x.org" }, { kind: "new", to: "c@x.org" }];
  const records = new Map([["r1", { owed: JSON.stringify(owed) }], ["r2", {}]]);
  assert.deepEqual([...acceptedAndOwed(mails, records)], ["b@x.org new r1"]);
});
