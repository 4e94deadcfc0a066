/** The values that the pages show: each on its own is what the chart takes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { blocksIn } from "../docs/markdown.ts";
import { CHART, valuesOf } from "./support/chart.ts";
import { run } from "./support/command.ts";
import { chartTest } from "./support/with_helm.ts";

const PAGES = [
  join(import.meta.dirname ?? "", "../../docs/install.md"),
  join(CHART, "README.md"),
];

chartTest("every values file in the pages is accepted by the chart", async (helm) => {
  const known = Object.keys(parse(await Deno.readTextFile(join(CHART, "values.yaml"))));
  const dir = await Deno.makeTempDir();
  let count = 0;
  try {
    for (const page of PAGES) {
      for (const block of blocksIn(await Deno.readTextFile(page), "yaml")) {
        // Resources of Teleport and configurations of tbot are in the same language.
        if (/^\s*(kind|version):/m.test(block) && !/^\s*smtp:/m.test(block)) continue;
        const first = Object.keys(parse(block) ?? {})[0] ?? "";
        assert.ok(known.includes(first), `${page}: ${block}`);
        const path = join(dir, `${count++}.yaml`);
        await Deno.writeTextFile(path, block);
        // A part of a values file goes on top of what every installation needs.
        const base = valuesOf(/^tbot:/m.test(block) ? "original_tbot" : undefined);
        const values = [.../^delivery:/m.test(block) ? [] : base, "--values", path];
        const { ok, stderr } = await run([helm, "template", "x", CHART, ...values]);
        assert.ok(ok, `${page}: ${stderr}`);
      }
    }
    assert.ok(count >= 4, `${count} values files found`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
