import assert from "node:assert/strict";
import { singleLine } from "./text.ts";

Deno.test("singleLine() makes one line of a multi-line reply", () => {
  assert.equal(singleLine("550-no\r\n550 really\u2028no\u0007\n"), "550-no 550 really no");
});

Deno.test("singleLine() truncates long replies at 300 characters", () => {
  assert.equal(singleLine("ä".repeat(1000)), `${"ä".repeat(300)}...`);
});

Deno.test("singleLine() hides secrets in clear and in base64", () => {
  assert.equal(singleLine("bad hunter2 aHVudGVyMg==", ["hunter2", ""]), "bad *** ***");
});
