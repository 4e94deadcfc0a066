/** What the benchmark measures: each figure with its unit and its goal, and the work that yields it. */

import { PluginProcess } from "../sim/playground/plugin_process.ts";
import { memoryMiB, processorMs } from "./process.ts";
import type { Times } from "./scraper.ts";
import type { World, WorldOptions, Worlds } from "./world.ts";

export interface Figure {
  readonly id: string;
  readonly name: string;
  readonly unit: "ms" | "MiB" | "emails/s" | "ms/email" | "calls" | "connections";
  readonly better: "higher" | "lower";
  /** Digits behind the decimal point. */
  readonly digits: number;
}

/** One run of some work: a value for each of its figures. */
export type Sample = Readonly<Record<string, number>>;

export interface Work {
  readonly name: string;
  readonly figures: readonly Figure[];
  run(worlds: Worlds, program: string | undefined): Promise<Sample>;
}

const THREE = ["a@example.com", "b@example.com", "c@example.com"];
const LATENCY_REQUESTS = 20;
const BURST_REQUESTS = 1000;
const REST_MS = 3_000;
const PATIENCE_MS = 300_000;
const POLL_MS = 20;

function figure(
  id: string,
  name: string,
  unit: Figure["unit"],
  better: Figure["better"],
  digits = 0,
): Figure {
  return { id, name, unit, better, digits };
}

/** Start, rest, and the time from an event to its three emails. */
const SINGLE: Work = {
  name: "one request at a time",
  figures: [
    figure("start", "process start to 'Plugin is ready'", "ms", "lower"),
    figure("rest_memory", "resident memory at rest", "MiB", "lower"),
    figure("latency", "event to the third email", "ms", "lower"),
  ],
  run: async (worlds, program) => {
    await using world = await worlds.open({ recipients: THREE });
    const startMs = performance.now();
    await using plugin = await startPlugin(world, program);
    const start = performance.now() - startMs;
    await pause(REST_MS);
    const restMemory = await memoryMiB(plugin.pid, "VmRSS");
    const times: number[] = [];
    for (let i = 0; i < LATENCY_REQUESTS; i++) times.push((await burst(world, 1, THREE.length)).ms);
    return { start, rest_memory: restMemory, latency: median(times) };
  },
};

/** A burst on loopback: throughput, processor time and memory. */
const BURST: Work = burstWork("burst", BURST_REQUESTS, THREE, {}, [
  figure("burst_rate", "1,000 requests x 3 emails", "emails/s", "higher"),
  figure("burst_processor", "processor time in it", "ms/email", "lower", 2),
  figure("burst_memory", "peak resident memory in it", "MiB", "lower"),
  figure("burst_connections", "connections opened in it", "connections", "lower"),
  figure("burst_calls", "calls to the cluster per request", "calls", "lower", 2),
  figure("burst_again_rate", "the same once more", "emails/s", "higher"),
  figure("burst_again_processor", "processor time in it", "ms/email", "lower", 2),
]);

/** A burst where each reply takes 20 ms, as over a network. */
const SLOW_BURST: Work = burstWork(
  "slow_burst",
  300,
  THREE,
  { roundTripMs: 20, maxConnections: 40 },
  [
    figure("slow_burst_rate", "300 requests x 3 emails, 20 ms per reply", "emails/s", "higher"),
    figure("slow_burst_connections", "connections opened in it", "connections", "lower"),
  ],
);

const SLOW_LATENCY: Work = latencyWork("slow_latency", THREE, "event to the third email, 20 ms");
const MANY_LATENCY: Work = latencyWork(
  "many_latency",
  Array.from({ length: 40 }, (_, i) => `r${i}@example.com`),
  "event to the fortieth email, 20 ms",
);

/** A burst while `/metrics` is read ten times a second. */
const SCRAPED: Work = {
  name: "scraped",
  figures: [
    figure("scrape", "a scrape of /metrics during such a burst", "ms", "lower"),
    figure("scraped_processor", "processor time of that burst", "ms/email", "lower", 2),
  ],
  run: async (worlds, program) => {
    await using world = await worlds.open({ recipients: THREE });
    const url = await listenForHttp(world.config);
    await using plugin = await startPlugin(world, program);
    const beforeMs = await processorMs(plugin.pid);
    const scraper = new Worker(new URL("scraper.ts", import.meta.url), { type: "module" });
    scraper.postMessage(url);
    await burst(world, BURST_REQUESTS, THREE.length);
    const times = new Promise<Times>((resolve) => scraper.onmessage = ({ data }) => resolve(data));
    scraper.postMessage("");
    const scrape = median(await times.finally(() => scraper.terminate()));
    const usedMs = await processorMs(plugin.pid) - beforeMs;
    return { scrape, scraped_processor: usedMs / (BURST_REQUESTS * THREE.length) };
  },
};

export const WORKS: readonly Work[] = [
  SINGLE,
  BURST,
  SCRAPED,
  SLOW_BURST,
  SLOW_LATENCY,
  MANY_LATENCY,
];

/** Sets `http.listen` to a free port; returns the URL of the metrics. */
async function listenForHttp(config: string): Promise<string> {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  const text = `\n[http]\nlisten = "127.0.0.1:${port}"\n`;
  await Deno.writeTextFile(config, text, { append: true });
  return `http://127.0.0.1:${port}/metrics`;
}

function burstWork(
  id: string,
  requests: number,
  recipients: readonly string[],
  options: Partial<WorldOptions>,
  figures: readonly Figure[],
): Work {
  return {
    name: id,
    figures,
    run: async (worlds, program) => {
      await using world = await worlds.open({ recipients, ...options });
      await using plugin = await startPlugin(world, program);
      // The check at the start has a connection of its own, which is closed by now.
      const atStart = (await world.accepted()).connections;
      await burst(world, 1, recipients.length);
      const emails = requests * recipients.length;
      const measured = async () => {
        const [beforeMs, calls] = [await processorMs(plugin.pid), await callsOf(world)];
        const { ms, connections } = await burst(world, requests, recipients.length);
        return {
          rate: emails / (ms / 1000),
          processor: (await processorMs(plugin.pid) - beforeMs) / emails,
          calls: (await callsOf(world) - calls) / requests,
          connections: connections - atStart,
          memory: await memoryMiB(plugin.pid, "VmHWM"),
        };
      };
      const first = await measured();
      const sample: Record<string, number> = {};
      for (const [name, value] of Object.entries(first)) sample[`${id}_${name}`] = value;
      if (figures.some((figure) => figure.id === `${id}_again_rate`)) {
        // V8 has compiled what a burst needs.
        const { rate, processor } = await measured();
        Object.assign(sample, { [`${id}_again_rate`]: rate, [`${id}_again_processor`]: processor });
      }
      return Object.fromEntries(figures.map((figure) => [figure.id, sample[figure.id] ?? NaN]));
    },
  };
}

function latencyWork(id: string, recipients: readonly string[], name: string): Work {
  return {
    name: id,
    figures: [figure(id, name, "ms", "lower")],
    run: async (worlds, program) => {
      await using world = await worlds.open({ recipients, roundTripMs: 20, maxConnections: 40 });
      await using _ = await startPlugin(world, program);
      // The first emails open connections; what is measured is the state that follows.
      await burst(world, 1, recipients.length);
      const times: number[] = [];
      for (let i = 0; i < 5; i++) times.push((await burst(world, 1, recipients.length)).ms);
      return { [id]: median(times) };
    },
  };
}

/** Creates requests, waits for their emails; the time runs until the server accepted the last one. */
async function burst(
  world: World,
  requests: number,
  recipients: number,
): Promise<{ readonly ms: number; readonly connections: number }> {
  const wanted = (await world.accepted()).emails + requests * recipients;
  const startMs = Date.now();
  await world.create(requests);
  for (;;) {
    const { emails, lastMs, connections } = await world.accepted();
    if (emails >= wanted && lastMs !== undefined) return { ms: lastMs - startMs, connections };
    if (Date.now() - startMs > PATIENCE_MS) {
      throw new Error(`Only ${emails} of ${wanted} emails arrived in ${PATIENCE_MS / 1000} s`);
    }
    await pause(POLL_MS);
  }
}

async function startPlugin(world: World, program: string | undefined): Promise<PluginProcess> {
  const plugin = new PluginProcess(world.config, program === undefined ? {} : { program });
  await plugin.waitFor(/Plugin is ready/);
  return plugin;
}

async function callsOf(world: World): Promise<number> {
  return Object.values(await world.calls()).reduce((sum, count) => sum + count, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The middle value of an odd number of values, the lower middle of an even one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}
