import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeControls, isoTime, singleLine, truncate } from "./text.ts";

Deno.test("singleLine() makes one line of a multi-line reply", () => {
  assert.equal(singleLine("550-no\r\n550 really\u2028no\u0007\n"), "550-no 550 really no");
});

Deno.test("singleLine() truncates long replies at 300 characters", () => {
  assert.equal(singleLine("ä".repeat(1000)), `${"ä".repeat(300)}...`);
});

Deno.test("singleLine() hides secrets in clear and in base64", () => {
  assert.equal(singleLine("bad hunter2 aHVudGVyMg==", ["hunter2", ""]), "bad *** ***");
});

Deno.test("escapeControls() shows what terminals would obey, and what would reorder the text", () => {
  assert.equal(escapeControls("a\nb\tc\u001b[2J"), "a\\nb\\tc\\u001b[2J");
  assert.equal(
    escapeControls("\u009b31m x\u202ey\u2066z\u2028"),
    "\\u009b31m x\\u202ey\\u2066z\\u2028",
  );
  assert.equal(escapeControls("\u{e0041}"), "\\udb40\\udc41");
  assert.equal(escapeControls("a\nb\u200d", "\n\u200d"), "a\nb\u200d");
  assert.equal(escapeControls("ä € 👩 \\"), "ä € 👩 \\");
});

Deno.test("escapeControls() leaves JSON with the same meaning", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const escaped = escapeControls(JSON.stringify(text));
    assert.equal(JSON.parse(escaped), text);
    assert.doesNotMatch(escaped, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }));
});

Deno.test("singleLine() hides a short secret as a word of its own, and inside no other", () => {
  assert.equal(
    singleLine("454 4.7.0 Temporary authentication failure", ["p"]),
    "454 4.7.0 Temporary authentication failure",
  );
  assert.equal(singleLine("550 example.com mailbox", ["mail"]), "550 example.com mailbox");
  assert.equal(singleLine("535 bad password p, alas", ["p"]), "535 bad password ***, alas");
  assert.equal(singleLine("535 bad 'a.b*c' here", ["a.b*c"]), "535 bad '***' here");
  assert.equal(singleLine(`535 bad ${btoa("mail")}`, ["mail"]), "535 bad ***");
  // A long one is hidden wherever it stands.
  assert.equal(singleLine("535 xhunter2-secretx", ["hunter2-secret"]), "535 x***x");
});

Deno.test("truncate() counts characters, not UTF-16 units, and the characters that it removed", () => {
  assert.equal(truncate("äöü", 3), "äöü");
  assert.equal(truncate("äöüß", 3), "äöü… (1 more character)");
  assert.equal(truncate("😀😀😀😀😀", 2), "😀😀… (3 more characters)");
  assert.equal(truncate("", 3), "");
});

Deno.test("truncate() counts lines on demand", () => {
  assert.equal(truncate("a\nb\nc", 10, 3), "a\nb\nc");
  assert.equal(truncate("a\nb\nc", 10, 2), "a\nb… (2 more characters)");
  assert.equal(truncate("a\nb\nc", 2, 2), "a\n… (3 more characters)");
});

Deno.test("isoTime() writes whole seconds without a fraction", () => {
  const ms = Date.parse("2026-11-24T12:00:00Z");
  assert.equal(isoTime(ms), "2026-11-24T12:00:00Z");
  assert.equal(isoTime(ms + 5), "2026-11-24T12:00:00.005Z");
});
