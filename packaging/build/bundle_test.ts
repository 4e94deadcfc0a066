import assert from "node:assert/strict";
import { asciiOnly } from "./bundle.ts";

Deno.test("asciiOnly() gives a script of one byte per character, with the same values", () => {
  const source = 'globalThis.said = ["zoë 😀", /^[а-я]+$/u.test("привет"), `–`].join("|");';
  const ascii = asciiOnly(source);
  assert.equal(new TextEncoder().encode(ascii).length, ascii.length);
  assert.equal((0, eval)(ascii), "zoë 😀|true|–");
});
