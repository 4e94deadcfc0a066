/** Writes the numbers of the front page from the results. */

import { WORKS } from "./figures.ts";
import type { Results } from "./results.ts";

const README = new URL("../README.md", import.meta.url);
const [BEGIN, END] = ["<!-- numbers -->", "<!-- end of numbers -->"];

/** The figures that the front page has, in its words. */
const SHOWN = [
  ["start", 'process start to "Plugin is ready"'],
  ["latency", "event to three accepted emails, median"],
  ["burst_rate", "1,000 simultaneous requests, three emails each"],
  ["burst_processor", "processor time in it"],
  ["burst_memory", "peak of resident memory in it"],
  ["burst_connections", "connections opened in it"],
  ["many_latency", "event to the fortieth email, 20 ms per reply"],
  ["rest_memory", "resident memory at rest"],
] as const;

/** The numbers against the Go cluster where there are any, else those against the simulated one. */
export function numbers({ at, cores, worlds }: Results): string {
  const world = worlds["go"] ?? worlds["sim"] ?? {};
  const servers = worlds["go"] === undefined
    ? "the simulated cluster and mail server"
    : "a cluster and an SMTP sink in Go";
  const date = new Date(at).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const figures = new Map(WORKS.flatMap(({ figures }) => figures).map((f) => [f.id, f]));
  const rows = SHOWN.flatMap(([id, words]) => {
    const [figure, result] = [figures.get(id), world[id]];
    if (figure === undefined || result === undefined) return [];
    return [[words, `${result.median.toFixed(figure.digits)} ${figure.unit}`] as const];
  });
  const [words, values] = [0, 1].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  ) as [number, number];
  const line = (what: string, value: string) =>
    `| ${what.padEnd(words)} | ${value.padEnd(values)} |`;
  return [
    `On ${cores} cores, with ${servers} on the same machine, ${date}`,
    "(`npx -y deno@2.9.3 task bench`; [what bounds each number](bench/README.md)):",
    "",
    line("what", "measured"),
    `| ${"-".repeat(words)} | ${"-".repeat(values)} |`,
    ...rows.map(([what, value]) => line(what, value)),
  ].join("\n");
}

/** Replaces the numbers of the front page. */
export async function writeNumbers(results: Results): Promise<void> {
  const text = await Deno.readTextFile(README);
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`README.md must have the lines '${BEGIN}' and '${END}'`);
  }
  await Deno.writeTextFile(README, `${before}${BEGIN}\n\n${numbers(results)}\n\n${END}${after}`);
}
