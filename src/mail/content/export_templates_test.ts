import assert from "node:assert/strict";
import { composeMail } from "./compose.ts";
import { exportedTemplates } from "./export_templates.ts";
import type { Audience } from "./mail_data.ts";
import { REQUEST_KINDS, sampleData, sampleResourceData } from "./sample_data.ts";
import { loadTemplates } from "./templates.ts";

Deno.test("exportedTemplates() load without a warning, and give the built-in mails", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, text] of exportedTemplates()) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    const own = await loadTemplates(directory);
    const builtin = await loadTemplates(undefined);
    assert.ok(own.ok && builtin.ok, JSON.stringify(own));
    assert.deepEqual(own.warnings, []);
    for (const kind of REQUEST_KINDS) {
      for (const audience of ["reviewer", "requester"] satisfies Audience[]) {
        for (const details of [true, false]) {
          const data = sampleResourceData(sampleData(kind, audience));
          const expected = composeMail(data, builtin.templates, { details });
          assert.deepEqual(composeMail(data, own.templates, { details }), expected);
        }
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("exportedTemplates() say what each file is, and what it may use", () => {
  const files = exportedTemplates();
  for (const [name, text] of files) {
    if (name !== "README.md") assert.match(text, /^\{% comment %\} [A-Z].* README\.md has /, name);
  }
  assert.match(
    files.get("README.md") ?? "",
    /\| `details\.resources\[\]\.name` \| text \| `web-1` \|/,
  );
});
