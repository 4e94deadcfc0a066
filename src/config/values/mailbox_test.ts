import assert from "node:assert/strict";
import fc from "fast-check";
import { parseMailbox } from "./mailbox.ts";

Deno.test("parseMailbox() reads every usual form", () => {
  const cases: [string, string | undefined][] = [
    ["a@b.c", undefined],
    [" a@b.c ", undefined],
    ["<a@b.c>", undefined],
    ["Teleport <a@b.c>", "Teleport"],
    ["Teleport Access <a@b.c>", "Teleport Access"],
    ["Teleport<a@b.c>", "Teleport"],
    ["Dr. J. Doe <a@b.c>", "Dr. J. Doe"],
    ['"Doe, Jane" <a@b.c>', "Doe, Jane"],
    ['"a \\"b\\" c" <a@b.c>', 'a "b" c'],
    ["Jörg Müller <a@b.c>", "Jörg Müller"],
    ["a@b.c (Teleport)", "Teleport"],
    ["=?UTF-8?B?SsO2cmc=?= <a@b.c>", "Jörg"],
    ["=?utf-8?q?J=C3=B6rg_M=C3=BCller?= <a@b.c>", "Jörg Müller"],
    ["=?utf-8?q?a?= =?utf-8?q?b?= <a@b.c>", "ab"],
    ["=?nonsense?q?a?= <a@b.c>", "a"],
  ];
  for (const [text, name] of cases) {
    const want = name === undefined ? { address: "a@b.c" } : { name, address: "a@b.c" };
    assert.deepEqual(parseMailbox(text), want, text);
  }
});

Deno.test("parseMailbox() refuses what is not a mailbox", () => {
  const others = [
    "",
    "alice",
    "Name a@b.c",
    "Name <alice>",
    "a@b <c@d> e",
    "a, b <c@d>",
    '"open <a@b.c>',
    "a@b, c@d",
    '"a\nBcc: x" <a@b.c>',
    "=?utf-8?q?a=0D=0ABcc:_x?= <a@b.c>",
    "<sender address>",
  ];
  for (const text of others) assert.equal(parseMailbox(text), undefined, JSON.stringify(text));
});

Deno.test("parseMailbox() never throws and keeps control characters out", () => {
  const pieces = fc.constantFrom("a", "@", ".", "\n", " ", "<", ">", '"', "\\", "=?utf-8?q?", "?=");
  const text = fc.oneof(fc.string(), fc.array(pieces).map((p) => p.join("")));
  fc.assert(fc.property(text, (value) => {
    const mailbox = parseMailbox(value);
    assert.doesNotMatch(`${mailbox?.name}${mailbox?.address}`, /\p{Cc}/u);
  }));
});

Deno.test("parseMailbox() reads back any quoted name", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) =>
    !/\p{Cc}|=\?/u.test(text) && text.trim() === text
  );
  fc.assert(fc.property(name, (value) => {
    const quoted = `"${value.replace(/["\\]/g, "\\$&")}" <a@b.c>`;
    assert.deepEqual(parseMailbox(quoted), { name: value, address: "a@b.c" });
  }));
});
