import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { isPrerelease, releaseNotes } from "./notes.ts";

const LOG = `# Changelog

## 0.1.10 (2 March 2027)

Ten.

## 0.1.1 (1 March 2027)

### Fixed

- One.

## 0.1.0 (1 February 2027)
`;

Deno.test("releaseNotes() gives the section of the version, and of no longer one", () => {
  assert.equal(releaseNotes(LOG, "0.1.1"), "### Fixed\n\n- One.\n");
  assert.equal(releaseNotes(LOG, "0.1.10"), "Ten.\n");
});

Deno.test("releaseNotes() gives a pre-release the section of its release", () => {
  assert.equal(releaseNotes(LOG, "0.1.1-rc.1"), "### Fixed\n\n- One.\n");
  assert.deepEqual([isPrerelease("1.2.3-rc.1"), isPrerelease("1.2.3")], [true, false]);
});

Deno.test("releaseNotes() refuses a version without a section, or with an empty one", () => {
  assert.throws(() => releaseNotes(LOG, "0.2.0"), /no section '## 0\.2\.0'/);
  assert.throws(() => releaseNotes(LOG, "0.1.0"), /'## 0\.1\.0' of CHANGELOG\.md is empty/);
});

Deno.test("CHANGELOG.md has notes for the version at hand", async () => {
  const changelog = await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url));
  assert.ok(releaseNotes(changelog, project.version).length > 100);
});
