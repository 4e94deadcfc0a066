import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { VERSION, versionLine } from "./version.ts";

Deno.test("VERSION is the version of deno.json", () => {
  assert.equal(VERSION, config.version);
});

Deno.test("versionLine() names the commit of a development build, and none in a release", () => {
  const deno = `deno${Deno.version.deno}`;
  assert.equal(versionLine("1.2.3", "abc"), `teleport-email v1.2.3 git:abc ${deno}`);
  assert.equal(versionLine("1.2.3", ""), `teleport-email v1.2.3 ${deno}`);
});
