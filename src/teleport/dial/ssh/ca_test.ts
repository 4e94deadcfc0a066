import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { casFor, parseCas } from "./ca.ts";

const line = (patterns: string, key = "AAAA") => `@cert-authority ${patterns} ssh-rsa ${key}`;

/** Which of the authorities with these patterns are asked about a host; keys are their positions. */
function asked(host: string, ...patterns: readonly string[]): string {
  const authorities = patterns.map((list, index) => ({
    patterns: list.split(","),
    key: Buffer.of(index),
  }));
  return casFor(host, authorities).map(({ key }) => key[0]).join();
}

Deno.test("parseCas() reads the lines of old and new identities", () => {
  const [old, recent] = parseCas([
    line("*.example.com", "AAEC") + " clustername=example.com",
    `  ${line("proxy.example.com,example.com,*.example.com", "AwQF")} type=host\n`,
  ]);
  assert.deepEqual(old, { patterns: ["*.example.com"], key: Buffer.of(0, 1, 2) });
  assert.deepEqual(recent?.patterns, ["proxy.example.com", "example.com", "*.example.com"]);
  assert.deepEqual(recent?.key, Buffer.of(3, 4, 5));
});

Deno.test("parseCas() ignores lines that are not a CA's", () => {
  const lines = [
    "",
    "example.com ssh-rsa AAAA",
    "@revoked * ssh-rsa AAAA",
    "@cert-authority * ssh-rsa",
  ];
  assert.deepEqual(parseCas(lines), []);
  fc.assert(fc.property(fc.array(fc.string()), (texts) => Array.isArray(parseCas(texts))));
});

Deno.test("casFor() prefers the CAs that name the host", () => {
  assert.equal(asked("proxy.a.com", "*.a.com", "*.b.com"), "0");
  assert.equal(asked("PROXY.A.com", "*.b.com", "proxy.a.COM"), "1");
  assert.equal(asked("10.0.0.7", "10.0.0.?", "*.b.com", "10.*"), "0,2");
});

Deno.test("casFor() returns all of them when none names the host", () => {
  assert.equal(asked("10.0.0.7", "*.a.com", "*.b.com"), "0,1");
  assert.equal(asked("a.com", "*.a.com"), "0");
});

Deno.test("casFor() heeds exclusions", () => {
  assert.equal(asked("bad.a.com", "*.a.com,!bad.a.com", "*"), "1");
  assert.equal(asked("good.a.com", "*.a.com,!bad.a.com"), "0");
  assert.equal(asked("x", "!y", "x"), "1");
});

Deno.test("Patterns match like the equivalent regular expressions, and faster", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(letters, patterns, (host, pattern) => {
      const source = pattern.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      const isNamed = new RegExp(`^${source}$`).test(host);
      assert.equal(asked(host, pattern, "zzz"), isNamed ? "0" : "0,1");
    }),
    { numRuns: 1000 },
  );
  const started = performance.now();
  assert.equal(asked("a".repeat(3000), "*a".repeat(200) + "b", "zzz"), "0,1");
  assert.ok(performance.now() - started < 10_000);
});
