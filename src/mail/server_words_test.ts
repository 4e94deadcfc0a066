import assert from "node:assert/strict";
import { ownWords, pauseInWords } from "./server_words.ts";

Deno.test("pauseInWords() reads times in words and dates, and waits an hour at most", () => {
  const nowMs = Date.UTC(2023, 1, 22, 10, 0);
  const cases: readonly [string, number | undefined][] = [
    ["try again in 90 seconds", 90_000],
    ["wait 5 min", 300_000],
    ["retry after 1.5 hours", 3_600_000],
    ["try again in 30 days", 3_600_000],
    ["disabled until Wed, 22 Feb 2023 10:04:01 UTC", 241_000],
    ["disabled until Wed, 01 Mar 2023 10:04:01 UTC", 3_600_000],
    ["disabled until Wed, 22 Feb 2023 09:04:01 UTC", 0],
    ["try again later", undefined],
  ];
  for (const [text, expected] of cases) assert.equal(pauseInWords(text, nowMs), expected, text);
});

Deno.test("ownWords() leaves out what a service quotes", () => {
  const cases: readonly [string, string][] = [
    ["user unknown <relaying denied>", "user unknown"],
    ["blocked, see https://relay.example.com/denied for more", "blocked, see for more"],
    ["relay@example.com is not found", "is not found"],
    ["the host relay.example.com is busy", "the host is busy"],
  ];
  for (const [text, expected] of cases) assert.equal(ownWords(text), expected);
});
