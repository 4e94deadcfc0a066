import assert from "node:assert/strict";
import { parseDomainPattern } from "./domain_pattern.ts";

Deno.test("parseDomainPattern() accepts domains and the domains below one", () => {
  const cases = [
    ["example.com", "example.com"],
    ["Example.COM", "example.com"],
    ["localhost", "localhost"],
    ["exämple.de", "xn--exmple-cua.de"],
    ["*.example.com", ".example.com"],
    [".example.com", ".example.com"],
  ] as const;
  for (const [text, expected] of cases) assert.equal(parseDomainPattern(text), expected, text);
});

Deno.test("parseDomainPattern() refuses what is not a domain", () => {
  const cases = ["", "*", "*.", ".", "a@example.com", "@example.com", "https://example.com"];
  cases.push(
    "example.com.",
    "a..b",
    "*.*.com",
    "ex ample.com",
    "-a.com",
    "a%2eb",
    "a_b.com",
    "a*.b",
  );
  for (const text of cases) assert.equal(parseDomainPattern(text), undefined, text);
});
