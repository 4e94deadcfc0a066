import assert from "node:assert/strict";
import { sampleData } from "./sample_data.ts";
import { goRfc822, templateScope } from "./scope.ts";

Deno.test("goRfc822() formats as Go does, in UTC", () => {
  assert.equal(goRfc822(Date.UTC(2025, 0, 25, 10, 30)), "25 Jan 25 10:30 UTC");
  assert.equal(goRfc822(Date.UTC(2009, 11, 1, 3, 4, 59)), "01 Dec 09 03:04 UTC");
  assert.equal(goRfc822(-62135596800000), "01 Jan 01 00:00 UTC");
  assert.equal(goRfc822(Number.NaN), null);
});

Deno.test("templateScope() has every name for every kind, and null for what is not given", () => {
  const names = Object.keys(templateScope(sampleData("review"))).sort();
  for (const kind of ["new", "resolution"] as const) {
    assert.deepEqual(Object.keys(templateScope(sampleData(kind))).sort(), names);
  }
  const bare = templateScope({ ...sampleData("new"), user: "", reason: "", link: undefined });
  assert.deepEqual([bare.user, bare.reason, bare.link], [null, null, null]);
});
