import assert from "node:assert/strict";
import { checkRuntime } from "./runtime.ts";

Deno.test("checkRuntime() warns of every Deno from 2.9.4 on and names the pinned one", () => {
  for (const version of ["2.9.4", "2.9.8", "2.9.10", "2.10.0", "3.0.0", "2.9.4+abc"]) {
    assert.match(checkRuntime(version) ?? "", /can abort .* run this program with Deno 2\.9\.3$/);
  }
  for (const version of ["2.9.3", "2.8.11", "1.46.3", Deno.version.deno]) {
    assert.equal(checkRuntime(version), undefined, version);
  }
});
