/** A piece of the fuzz of each surface; `deno task fuzz` does the whole. */

import assert from "node:assert/strict";
import { fuzz } from "./fuzz/fuzz.ts";
import { SURFACES } from "./fuzz/surfaces.ts";

for (const surface of SURFACES) {
  Deno.test(`Spoiled input ends nothing, stalls nothing and costs one line: ${surface.name}`, async () => {
    const report = await fuzz(surface, { inputs: 120, seed: 7, lanes: 8 });
    assert.deepEqual(report.wrong, []);
    // Some inputs are taken, and not all: the faults are neither too many nor too few.
    const accepted = report.outcomes.get("ok") ?? 0;
    assert.ok(accepted > 0 && accepted < report.inputs, `${accepted} accepted`);
  });
}
