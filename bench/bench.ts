/**
 * `deno task bench`: how fast and how large the shipped program is, against `sim/` in another process
 * and, where they stand beside the repository, against a cluster and an SMTP sink in Go.
 * bench/README.md explains the figures; numbers in documents come from here.
 */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { WORKS } from "./figures.ts";
import { goWorlds } from "./go_world.ts";
import { writeNumbers } from "./readme.ts";
import {
  line,
  readResults,
  type Result,
  type Results,
  summarize,
  writeResults,
} from "./results.ts";
import { buildShipped } from "./shipped.ts";
import { simWorlds } from "./sim_world.ts";
import type { Worlds } from "./world.ts";

const USAGE = `Usage: deno task bench [options]

  --world sim|go|all  which cluster and mail server (default: all that can be had)
  --runs N            runs of each figure; the median counts (default: 5)
  --only NAME         one piece of work: ${WORKS.map(({ name }) => name).join(", ")}
  --source            measure the sources instead of the shipped form
  --program FILE      measure this executable or launcher; does not write bench/results.json
  --keep              do not write bench/results.json and the numbers in README.md
`;
const RESULTS = new URL("results.json", import.meta.url);

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function worldsFor(wanted: string): Promise<readonly Worlds[]> {
  const go = wanted === "sim" ? undefined : await goWorlds();
  if (wanted === "go" && go === undefined) throw new Error("Cannot find the Go cluster");
  return [...wanted === "go" ? [] : [simWorlds()], ...go === undefined ? [] : [go]];
}

const { values } = parseArgs({
  args: [...Deno.args],
  options: {
    world: { type: "string", default: "all" },
    runs: { type: "string", default: "5" },
    only: { type: "string" },
    source: { type: "boolean", default: false },
    program: { type: "string" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  say(USAGE);
  Deno.exit(0);
}

const before = await readResults(RESULTS);
const isBuilt = !values.source && values.program === undefined;
await using shipped = isBuilt ? await buildShipped() : undefined;
const program = values.program === undefined ? shipped?.program : resolve(values.program);
const measured: Record<string, Record<string, Result>> = {};
for (const worlds of await worldsFor(values.world)) {
  await using _ = worlds;
  say(`\n${worlds.name === "go" ? "Go cluster and SMTP sink" : "sim/ in another process"}`);
  const results: Record<string, Result> = measured[worlds.name] = {};
  for (
    const work of WORKS.filter(({ name }) => values.only === undefined || values.only === name)
  ) {
    const samples = [];
    for (let run = 0; run < Number(values.runs); run++) {
      samples.push(await work.run(worlds, program));
    }
    for (const figure of work.figures) {
      const result = summarize(samples, figure.id);
      results[figure.id] = result;
      say(line(figure, result, before?.worlds[worlds.name]?.[figure.id]));
    }
  }
}
if (!values.keep && values.program === undefined) {
  const results: Results = {
    at: new Date().toISOString(),
    form: values.source ? "sources" : "shipped",
    deno: Deno.version.deno,
    cores: navigator.hardwareConcurrency,
    worlds: { ...before?.worlds, ...measured },
  };
  await writeResults(RESULTS, results);
  await writeNumbers(results);
}
