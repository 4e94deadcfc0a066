import assert from "node:assert/strict";
import { readFailFast } from "./start.ts";
import { StartError } from "../daemon/start_error.ts";

Deno.test("readFailFast() accepts what Go accepts as a boolean", () => {
  for (const value of ["1", "t", "TRUE", "True"]) {
    assert.equal(readFailFast({ TELEPORT_PLUGIN_FAIL_FAST: value }), true, value);
  }
  for (const value of [undefined, "", "0", "f", "False"]) {
    assert.equal(readFailFast({ TELEPORT_PLUGIN_FAIL_FAST: value }), false, value);
  }
});

Deno.test("readFailFast() refuses anything else with the original's text", () => {
  assert.throws(() => readFailFast({ TELEPORT_PLUGIN_FAIL_FAST: "yes" }), (error) => {
    assert.ok(error instanceof StartError);
    assert.deepEqual(error.errors, [
      "failed to parse content 'yes' of the TELEPORT_PLUGIN_FAIL_FAST environment variable",
    ]);
    return true;
  });
});
