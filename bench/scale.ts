/**
 * `deno task scale`: how time, processor time and memory grow with the number of requests, recipients and
 * reviews, and of requests that a start has to catch up with; writes `bench/scale.json` and the picture
 * `docs/images/scale.svg`. Of the shipped program, against the Go cluster and sink where they are, else
 * against `sim/`.
 */

import { parseArgs } from "node:util";
import { PluginProcess } from "../sim/playground/plugin_process.ts";
import { goWorlds } from "./go_world.ts";
import { plot, type Point, type ScaleResults } from "./plot.ts";
import { memoryMiB, processorMs } from "./process.ts";
import { buildShipped } from "./shipped.ts";
import { simWorlds } from "./sim_world.ts";
import type { World, Worlds } from "./world.ts";

/** What grows. */
interface Axis {
  readonly name: string;
  readonly title: string;
  /** Above it nothing is measured. */
  readonly most: number;
  measure(worlds: Worlds, program: string, count: number): Promise<Point>;
}

const RESULTS = new URL("scale.json", import.meta.url);
const PICTURE = new URL("../docs/images/scale.svg", import.meta.url);
const COUNTS = [10, 100, 1_000, 10_000];
const ONE = ["a@example.com"];
const PATIENCE_MS = 600_000;

const AXES: readonly Axis[] = [
  {
    name: "requests",
    title: "requests at once, one recipient each",
    most: 10_000,
    measure: async (worlds, program, count) => {
      await using world = await worlds.open({ recipients: ONE });
      await using plugin = await startPlugin(world, program);
      return await timed(plugin, count, async () => {
        await world.create(count);
        await accepted(world, count);
      });
    },
  },
  {
    name: "recipients",
    title: "recipients of one request",
    // Records of 5,000 come near Teleport's limit of a million bytes.
    most: 1_000,
    measure: async (worlds, program, count) => {
      const recipients = Array.from({ length: count }, (_, i) => `r${i}@example.com`);
      await using world = await worlds.open({ recipients });
      await using plugin = await startPlugin(world, program);
      return await timed(plugin, count, async () => {
        await world.create(1);
        await accepted(world, count);
      });
    },
  },
  {
    name: "reviews",
    title: "reviews of one request, during an outage",
    most: 1_000,
    measure: async (worlds, program, count) => {
      await using world = await worlds.open({ recipients: ONE });
      const [id = ""] = await firstEmails(world, program, 1);
      await world.review(id, count);
      await using plugin = await startPlugin(world, program);
      return await timed(plugin, count, () => accepted(world, 1 + count));
    },
  },
  {
    name: "catch-up",
    title: "requests and records at a start",
    most: 10_000,
    measure: async (worlds, program, count) => {
      await using world = await worlds.open({ recipients: ONE });
      await firstEmails(world, program, count);
      const startMs = performance.now();
      await using plugin = await startPlugin(world, program);
      const seconds = (performance.now() - startMs) / 1000;
      // What was listed is reconciled right after it is ready.
      await pause(2_000);
      return {
        count,
        seconds,
        processorSeconds: await processorMs(plugin.pid) / 1000,
        memoryMiB: await memoryMiB(plugin.pid, "VmHWM"),
      };
    },
  },
];

/** Has a plugin send the first emails of new requests, and stops it; returns the ids of the requests. */
async function firstEmails(
  world: World,
  program: string,
  count: number,
): Promise<readonly string[]> {
  await using plugin = await startPlugin(world, program);
  const ids = await world.create(count);
  await accepted(world, count);
  await plugin.stop();
  return ids;
}

async function startPlugin(world: World, program: string): Promise<PluginProcess> {
  const plugin = new PluginProcess(world.config, { program });
  await plugin.waitFor(/Plugin is ready/, PATIENCE_MS);
  return plugin;
}

async function timed(
  plugin: PluginProcess,
  count: number,
  work: () => Promise<void>,
): Promise<Point> {
  const beforeMs = await processorMs(plugin.pid);
  const startMs = performance.now();
  await work();
  return {
    count,
    seconds: (performance.now() - startMs) / 1000,
    processorSeconds: (await processorMs(plugin.pid) - beforeMs) / 1000,
    memoryMiB: await memoryMiB(plugin.pid, "VmHWM"),
  };
}

async function accepted(world: World, emails: number): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while ((await world.accepted()).emails < emails) {
    if (performance.now() > endMs) {
      throw new Error(`Not ${emails} emails in ${PATIENCE_MS / 1000} s`);
    }
    await pause(10);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: {
      /** The largest count. */
      most: { type: "string", default: "10000" },
      only: { type: "string" },
      /** Prints alone. */
      keep: { type: "boolean", default: false },
    },
  });
  await using worlds = await goWorlds() ?? simWorlds();
  await using shipped = await buildShipped();
  const axes = [];
  for (const { name, title, most, measure } of AXES) {
    if (values.only !== undefined && values.only !== name) continue;
    say(`\n${title}`);
    const points: Point[] = [];
    for (const count of COUNTS) {
      if (count > Math.min(most, Number(values.most))) continue;
      const point = await measure(worlds, shipped.program, count);
      points.push(point);
      const { seconds, processorSeconds, memoryMiB: peak } = point;
      say(
        `${String(count).padStart(8)}${seconds.toFixed(2).padStart(10)} s` +
          `${processorSeconds.toFixed(2).padStart(10)} s processor${
            peak.toFixed(0).padStart(8)
          } MiB`,
      );
    }
    axes.push({ title, points });
  }
  const results: ScaleResults = { at: new Date().toISOString(), world: worlds.name, axes };
  if (!values.keep) {
    await Deno.writeTextFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
    await Deno.writeTextFile(PICTURE, plot(results));
  }
}
