import assert from "node:assert/strict";
import { judgeStatus } from "./mailgun_receipt.ts";

Deno.test("judgeStatus() decides by status and words", () => {
  const cases: readonly [number, string, string][] = [
    [302, "", "configuration transport"],
    [400, "to parameter is not a valid address. please check documentation", "recipient never"],
    [
      400,
      "from parameter is not a valid address. please check documentation",
      "configuration transport",
    ],
    [400, "Domain mg.example.org is not allowed to send", "configuration transport"],
    [400, "Need at least one of 'text' or 'html'", "message never"],
    [400, "Please add the address to your authorized recipients", "configuration later"],
    [401, "Forbidden", "authentication transport"],
    [402, "Payment required", "configuration transport"],
    [403, "Sandbox subdomains: add to authorized recipients", "configuration later"],
    [403, "Forbidden", "authentication transport"],
    [404, "Domain not found", "configuration transport"],
    [408, "", "timeout transport"],
    [413, "too large", "message never"],
    [429, "limit", "rate-limit transport"],
    [500, "oops", "server later"],
    [502, "bad gateway", "server transport"],
    [503, "maintenance", "server transport"],
  ];
  for (const [status, words, expected] of cases) {
    assert.equal(judgeStatus(status, words).join(" "), expected, `${status} ${words}`);
  }
});
