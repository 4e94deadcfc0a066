import assert from "node:assert/strict";
import { bareMessageId, messageId } from "./message_id.ts";

const IDENTITY = {
  requestId: "0198-a",
  kind: "review",
  index: 1,
  recipient: "bob@example.com",
  domain: "example.org",
} as const;

Deno.test("messageId() never changes, or duplicates and threads would not be recognized", () => {
  assert.equal(messageId(IDENTITY), "20de50eb687708c2c45114cb2406ffde688977e0@example.org");
  assert.match(messageId(IDENTITY), /^[0-9a-f]{40}@example\.org$/);
});

Deno.test("messageId() differs for every part of the identity", () => {
  const ids = new Set([
    messageId(IDENTITY),
    messageId({ ...IDENTITY, requestId: "0198-b" }),
    messageId({ ...IDENTITY, kind: "new" }),
    messageId({ ...IDENTITY, index: 2 }),
    messageId({ ...IDENTITY, recipient: "carol@example.com" }),
    messageId({ ...IDENTITY, domain: "example.net" }),
  ]);
  assert.equal(ids.size, 6);
});

Deno.test("bareMessageId() strips all brackets", () => {
  for (const id of ["a@b", "<a@b>", "<<a@b>>", " <a@b>\r\n"]) {
    assert.equal(bareMessageId(id), "a@b");
  }
});
