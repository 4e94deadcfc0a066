import assert from "node:assert/strict";
import { isInDomains } from "./allowed_domains.ts";

Deno.test("isInDomains() matches a domain with itself, and one with a dot with those below it", () => {
  const cases: readonly [string, string, boolean][] = [
    ["bob@example.com", "example.com", true],
    ["bob@EXAMPLE.com", "example.com", true],
    ["bob@sub.example.com", "example.com", false],
    ["bob@badexample.com", "example.com", false],
    ["bob@example.com.evil.org", "example.com", false],
    ["bob@example.com@evil.org", "example.com", false],
    ["bob@a.b.example.com", ".example.com", true],
    ["bob@example.com", ".example.com", false],
    ["bob@.example.com", ".example.com", false],
    ["bob@evil%2eexample.com", "evil.example.com", false],
    ["bob@exämple.de", "xn--exmple-cua.de", true],
    ["bob@EXÄMPLE.de", "xn--exmple-cua.de", true],
    ["bob@xn--exmple-cua.de", "xn--exmple-cua.de", true],
    ["bob@[127.0.0.1]", "example.com", false],
    ["bob@ex\u0430mple.com", "example.com", false],
    ["bob@", "example.com", false],
  ];
  for (const [address, domain, expected] of cases) {
    assert.equal(isInDomains(address, [domain]), expected, `${address} in ${domain}`);
  }
  assert.equal(isInDomains("bob@example.com", []), false);
  assert.equal(isInDomains("bob@b.org", ["a.org", "b.org"]), true);
});
