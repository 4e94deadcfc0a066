import assert from "node:assert/strict";
import fc from "fast-check";
import { domainOf, isEmailAddress } from "./address.ts";

Deno.test("isEmailAddress() accepts what Go accepts unchanged", () => {
  const addresses = [
    "a@b",
    "a@b.c",
    "first.last+tag@example.com",
    "a/b@example.com",
    "o'brien@example.com",
    "User@Example.COM",
    "jörg@example.com",
    "user@bücher.example",
    "a@[127.0.0.1]",
    "a`b@example.com",
  ];
  for (const address of addresses) assert.equal(isEmailAddress(address), true, address);
});

Deno.test("isEmailAddress() refuses control, format and unassigned characters, as terminals obey some", () => {
  for (
    const character of ["\u009b", "\u202e", "\u2066", "\u200b", "\ufeff", "\u{e0041}", "\ue000"]
  ) {
    assert.equal(isEmailAddress(`a${character}b@example.com`), false);
    assert.equal(isEmailAddress(`a@ex${character}ample.com`), false);
  }
});

Deno.test("isEmailAddress() refuses everything else", () => {
  const others = [
    "",
    "alice",
    "@b.c",
    "a@",
    "a@@b",
    "a@b@c",
    "<a@b.c>",
    "Name <a@b.c>",
    " a@b.c",
    "a@b.c ",
    "a b@c",
    '"a b"@c',
    '"ab"@c',
    "a@b.c (comment)",
    "a@b.c,d@e.f",
    ".a@b",
    "a.@b",
    "a..b@c",
    "a@.b",
    "a@b.",
    "a@b..c",
    "a@[nonsense]",
    "a@b.c\n",
    "a\r\nBcc: x@y",
    "<reviewers@example.com>",
  ];
  for (const text of others) assert.equal(isEmailAddress(text), false, JSON.stringify(text));
});

Deno.test("isEmailAddress() never throws and never lets a line break through", () => {
  const pieces = fc.constantFrom("a", "@", ".", "\r", "\n", " ", "<", ">", '"', "é", "[", "]");
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.array(pieces).map((p) => p.join("")));
  fc.assert(fc.property(text, (value) => {
    assert.ok(!isEmailAddress(value) || !/[\r\n\s<>",]/.test(value.replace(/[^\0-\x7f]/g, "")));
  }));
});

Deno.test("domainOf() returns the part after the @", () => {
  assert.equal(domainOf("noreply@example.com"), "example.com");
});
