import assert from "node:assert/strict";
import { domainOf, formatMailbox, needsSmtpUtf8, recipientProblem } from "./address.ts";

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

Deno.test("recipientProblem() takes what the configuration takes: addresses in brackets as domains", () => {
  for (const address of ["ops@[192.0.2.25]", "ops@[2001:db8::25]", "ops@[IPv6:2001:db8::25]"]) {
    assert.equal(recipientProblem(address), undefined, address);
  }
  for (const address of ["ops[1]@[192.0.2.25]", "ops@[example.com]", "a@[192.0.2.25],b@c.d"]) {
    assert.match(recipientProblem(address) ?? "", /separate addresses/, address);
  }
});

Deno.test("needsSmtpUtf8() looks at the local part alone", () => {
  assert.equal(needsSmtpUtf8("jürgen@example.com"), true);
  assert.equal(needsSmtpUtf8("bob@bücher.example"), false);
  assert.equal(needsSmtpUtf8("bob@example.com"), false);
});
