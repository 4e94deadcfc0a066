import assert from "node:assert/strict";
import { domainOf, formatMailbox, recipientProblem } from "./address.ts";

Deno.test("recipientProblem() accepts ordinary and Unicode addresses", () => {
  for (const address of ["a@b", "o'neil+x/y@example.com", "jürgen@exämple.de"]) {
    assert.equal(recipientProblem(address), undefined, address);
  }
});

Deno.test("recipientProblem() names what is wrong", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /empty/],
    ["a@b\r\nBcc: c@d", /control/],
    ["a b@c", /white space/],
    ["a@b,c@d", /separate/],
    ["<a@b>", /separate/],
    ["alice", /user@domain/],
    ["a@b@c", /user@domain/],
  ];
  for (const [address, expected] of cases) {
    assert.match(recipientProblem(address) ?? "", expected, JSON.stringify(address));
  }
});

Deno.test("formatMailbox() quotes names that need it and keeps Unicode", () => {
  const address = "a@b.c";
  assert.equal(formatMailbox({ address }), "a@b.c");
  assert.equal(formatMailbox({ name: "Teleport", address }), "Teleport <a@b.c>");
  assert.equal(formatMailbox({ name: 'X, "Y"', address }), '"X, \\"Y\\"" <a@b.c>');
  assert.equal(formatMailbox({ name: "Zugänge", address }), '"Zugänge" <a@b.c>');
  assert.equal(formatMailbox({ name: "a\r\nBcc: x", address }), '"a Bcc: x" <a@b.c>');
});

Deno.test("domainOf() gives the domain in ASCII", () => {
  assert.equal(domainOf("a@example.com"), "example.com");
  assert.equal(domainOf("a@exämple.de"), "xn--exmple-cua.de");
  assert.equal(domainOf("a@"), "localhost");
});
