import assert from "node:assert/strict";
import { isVersionAccepted } from "./version_gate.ts";

for (
  const [headers, accepted] of [
    [[], true],
    [["17.4.8"], true],
    [["16.0.0-aa"], true],
    [["99.1.2"], true],
    [["15.5.5"], false],
    [["v17.0.0"], false],
    [["latest"], false],
    [["1.0.0", "1.0.0"], true],
  ] as const
) {
  Deno.test(`isVersionAccepted() says ${accepted} to ${JSON.stringify(headers)} on 17.4.8`, () => {
    assert.equal(isVersionAccepted(headers, "17.4.8"), accepted);
  });
}
