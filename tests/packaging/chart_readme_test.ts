/** The chart's own papers fit the chart. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { COPIES, currentReadme, valuesTable } from "../../packaging/chart/made_parts.ts";
import project from "../../deno.json" with { type: "json" };
import { CHART } from "./support/chart.ts";

const text = (name: string) => Deno.readTextFile(join(CHART, name));

Deno.test("the README of the chart has the values as they are: 'deno task chart' makes it", async () => {
  assert.equal(await text("README.md"), await currentReadme());
});

Deno.test("alert rules and dashboard of the chart are the project's: 'deno task chart' copies them", async () => {
  for (const { from, to, adapt } of COPIES) {
    assert.equal(await Deno.readTextFile(to), adapt(await Deno.readTextFile(from)));
  }
});

Deno.test("valuesTable() handles sections, groups and maps that are one value", () => {
  const table = valuesTable(
    "# -- One\n\na:\n  # First.\n  b: 1\n  # Second,\n  # in | two lines.\n  c: null\n" +
      "# -- Two\n\n# All of it.\nd:\n  e: {f: g}\n",
  );
  const head = "| value | default | meaning |\n| --- | --- | --- |\n";
  assert.equal(
    table,
    `### One\n\n${head}| \`a.b\` | \`1\` | First. |\n| \`a.c\` |  | Second, in \\| two lines. |\n\n` +
      `### Two\n\n${head}| \`d\` | \`{"e":{"f":"g"}}\` | All of it. |\n`,
  );
});

Deno.test("chart and program have the same version", async () => {
  const { version, appVersion } = parse(await text("Chart.yaml"));
  assert.deepEqual([version, appVersion], [project.version, project.version]);
});

Deno.test("the schema has every value, and nothing that is not one", async () => {
  const schema = JSON.parse(await text("values.schema.json"));
  const values = parse(await text("values.yaml"));
  const differences: string[] = [];
  const compare = (
    { properties, additionalProperties }: Record<string, unknown>,
    given: Record<string, unknown>,
    path: string,
  ) => {
    if (additionalProperties !== false) return;
    const known = properties as Record<string, Record<string, unknown>>;
    for (const key of Object.keys(known)) {
      // Both are for a parent chart: Helm adds the one, and the other is a condition there.
      const isParents = key === "enabled" && path === "" || path + key === "tbot.global";
      if (!(key in given) && !isParents) differences.push(`no default: ${path}${key}`);
    }
    for (const [key, value] of Object.entries(given)) {
      const inner = known[key];
      if (inner === undefined) differences.push(`not in the schema: ${path}${key}`);
      else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
        compare(inner, value as Record<string, unknown>, `${path}${key}.`);
      }
    }
  };
  compare(schema, values, "");
  assert.deepEqual(differences, []);
});
