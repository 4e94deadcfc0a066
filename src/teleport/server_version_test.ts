import assert from "node:assert/strict";
import { checkServerVersion } from "./server_version.ts";

Deno.test("checkServerVersion() accepts 6.1.0-beta.1 and everything newer", () => {
  for (
    const version of ["6.1.0-beta.1", "6.1.0", "6.2.0-alpha.1", "9.3.7", "v18.6.4", "19.0.0-dev+1"]
  ) {
    checkServerVersion(version);
  }
  assert.ok(true, "none was refused");
});

Deno.test("checkServerVersion() refuses older servers and what is not a version", () => {
  const older = (version: string) => `incompatible versions: ${version} < 6.1.0-beta.1`;
  for (const version of ["5.2.1", "6.0.9", "6.1.0-alpha.7"]) {
    assert.throws(() => checkServerVersion(version), { message: older(version) });
  }
  for (const version of ["", "six", "6.1"]) {
    assert.throws(() => checkServerVersion(version), {
      message: `unsupported version format, need semver format: '${version}', e.g 1.0.0`,
    });
  }
});
