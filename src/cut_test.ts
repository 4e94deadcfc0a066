import assert from "node:assert/strict";
import { truncate } from "./cut.ts";

Deno.test("cut() counts characters, not UTF-16 units, and the characters that it removed", () => {
  assert.equal(truncate("äöü", 3), "äöü");
  assert.equal(truncate("äöüß", 3), "äöü… (1 more character)");
  assert.equal(truncate("😀😀😀😀😀", 2), "😀😀… (3 more characters)");
  assert.equal(truncate("", 3), "");
});

Deno.test("cut() counts lines on demand", () => {
  assert.equal(truncate("a\nb\nc", 10, 3), "a\nb\nc");
  assert.equal(truncate("a\nb\nc", 10, 2), "a\nb… (2 more characters)");
  assert.equal(truncate("a\nb\nc", 2, 2), "a\n… (3 more characters)");
});
