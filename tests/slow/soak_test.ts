/** A piece of `deno task soak`, which goes on for ten minutes. */

import assert from "node:assert/strict";
import { soak } from "../soak/soak.ts";

Deno.test("Under random faults every owed mail arrives, and none twice without an excuse", async () => {
  const log: string[] = [];
  const report = await soak({
    seed: 4,
    durationMs: 20_000,
    requests: 30,
    signal: new AbortController().signal,
    say: (who, line) => log.push(`${who} ${line}`),
  });
  const faults = log.filter((line) => line.startsWith("soak "));
  assert.deepEqual(report.wrong, [], faults.join("\n"));
  assert.equal(report.requests, 30);
});
