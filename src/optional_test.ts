import assert from "node:assert/strict";
import { defined } from "./optional.ts";

Deno.test("defined() omits what is undefined, and nothing else", () => {
  assert.deepEqual(defined({ a: 1, b: undefined, c: "", d: null, e: false }), {
    a: 1,
    c: "",
    d: null,
    e: false,
  });
});
