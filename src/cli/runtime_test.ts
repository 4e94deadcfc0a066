import assert from "node:assert/strict";
import { checkRuntime } from "./runtime.ts";

Deno.test("checkRuntime() warns of every Deno from 2.9.4 on and names the pinned one", () => {
  for (const version of ["2.9.4", "2.9.8", "2.9.10", "2.10.0", "3.0.0", "2.9.4+abc"]) {
    assert.match(checkRuntime(version) ?? "", /can abort .* run this program with Deno 2\.9\.3$/);
  }
  for (const version of ["2.9.3", "2.8.11", "2.8.0", Deno.version.deno]) {
    assert.equal(checkRuntime(version), undefined, version);
  }
});

Deno.test("checkRuntime() warns of a Deno that gRPC does not work with", () => {
  for (const version of ["2.7.13", "2.3.5", "1.46.3"]) {
    assert.match(checkRuntime(version) ?? "", /cannot talk to Teleport servers .* Deno 2\.9\.3$/);
  }
});

Deno.test("checkRuntime() warns of a Deno without the machine's CAs and without systemd", () => {
  for (const version of ["2.7.14", "2.7.99"]) {
    assert.match(checkRuntime(version) ?? "", /does not trust .* systemd: .* Deno 2\.9\.3$/);
  }
});
