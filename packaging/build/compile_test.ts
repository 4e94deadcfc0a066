import assert from "node:assert/strict";
import { versionFlags } from "./compile.ts";

Deno.test("versionFlags() asks old versions for the globals of Node.js", () => {
  for (const version of ["2.1.0", "2.3.5"]) {
    assert.deepEqual(versionFlags(version), ["--unstable-node-globals"]);
  }
  for (const version of ["2.4.0", "2.9.3", "2.10.0"]) assert.deepEqual(versionFlags(version), []);
});
