/** `deno task fuzz`: thousands of spoiled inputs for each surface of the program. */

import { parseArgs } from "node:util";
import { fuzz, type FuzzReport } from "./fuzz.ts";
import { SURFACES } from "./surfaces.ts";

const USAGE = `Usage: deno task fuzz [--inputs N] [--seed N] [--surface NAME]...

Feeds spoiled bytes to what the program reads from outside. Ends with code 1 if an input throws what
nothing catches, stalls, fills the memory, or comes out as more than one line of the log.

  --inputs N      how many inputs for each surface (default: 10000)
  --seed N        fixes the inputs (default: 1)
  --surface NAME  only this one, may be repeated: ${SURFACES.map(({ name }) => name).join(", ")}
`;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    inputs: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    surface: { type: "string", multiple: true },
    help: { type: "boolean", short: "h", default: false },
  },
});

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function print({ name, inputs, outcomes, wrong, tookMs, grownMiB }: FuzzReport): void {
  const seconds = (tookMs / 1000).toFixed(0);
  write(
    `${name}: ${inputs} inputs, ${outcomes.get("ok") ?? 0} accepted, ${outcomes.size} outcomes, `,
  );
  write(`${grownMiB?.toFixed(0)} MiB grown, ${seconds} s, ${wrong.length} wrong\n`);
  const frequent = [...outcomes].sort(([, one], [, other]) => other - one).slice(0, 6);
  for (const [outcome, count] of frequent) write(`  ${String(count).padStart(6)} ${outcome}\n`);
  for (const line of wrong.slice(0, 20)) write(`WRONG ${line}\n`);
}

if (values.help) write(USAGE);
else {
  const { surface: names, inputs, seed } = values;
  let isWrong = false;
  for (const surface of SURFACES) {
    if (names !== undefined && !names.includes(surface.name)) continue;
    const options = { inputs: Number(inputs), seed: Number(seed), lanes: 8, apart: true };
    const report = await fuzz(surface, options);
    print(report);
    // Faults that leave no input intact lead into no parser deeply.
    if (!report.outcomes.has("ok")) write(`WRONG no input of ${surface.name} was accepted\n`);
    isWrong ||= report.wrong.length > 0 || !report.outcomes.has("ok");
  }
  Deno.exit(isWrong ? 1 : 0);
}
