import assert from "node:assert/strict";
import { plot } from "./plot.ts";

Deno.test("plot() draws a panel for each axis, within its picture", () => {
  const points = [10, 100, 1_000].map((count) => ({
    count,
    seconds: count / 50,
    processorSeconds: 0.001,
    memoryMiB: 99.6,
  }));
  const axes = [{ title: "requests", points }, { title: "nothing measured", points: [] }];
  const svg = plot({ at: "2026-11-28T22:00:00Z", world: "go", axes });
  assert.match(svg, /^<svg [^]*<\/svg>\n$/);
  assert.equal(svg.match(/<circle /g)?.length, 3);
  assert.equal(svg.match(/>100<\/text>/g)?.length, 5);
  assert.ok(!/NaN|Infinity|undefined/.test(svg), svg);
  for (const [, y] of svg.matchAll(/[ML][\d.]+ (-?[\d.]+)/g)) {
    assert.ok(Number(y) >= 0 && Number(y) <= 340, y);
  }
});
