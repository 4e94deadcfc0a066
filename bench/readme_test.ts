import assert from "node:assert/strict";
import { numbers } from "./readme.ts";

Deno.test("numbers() prefers the results of the Go cluster, and names the machine and the date", () => {
  const result = (median: number) => ({ median, min: median, max: median, runs: 5 });
  const common = { at: "2026-11-28T22:00:00Z", form: "shipped", deno: "2.9.3", cores: 2 };
  const sim = { "start": result(400), "burst_processor": result(1.234) };
  const text = numbers({ ...common, worlds: { sim, go: { start: result(199.6) } } });
  assert.match(text, /^On 2 cores, with a cluster and an SMTP sink in Go .* 28 November 2026\n/);
  assert.match(text, /\| process start to "Plugin is ready" \| 200 ms/);
  assert.equal(text.includes("processor time"), false);
  assert.match(numbers({ ...common, worlds: { sim } }), /simulated[^]*\| 1\.23 ms\/email \|/);
});
