/**
 * `deno task bench`: how fast the real program is, on the simulated cluster and mail server of this
 * machine. Prints a table; numbers in documents come from here.
 */

import { type Playground, startPlayground } from "../sim/playground/playground.ts";
import { PluginProcess } from "../sim/playground/plugin_process.ts";
import type { Times } from "./scraper.ts";

const RECIPIENTS = ["a@example.com", "b@example.com", "c@example.com"];
const STARTS = 7;
const REQUESTS = 50;
const BACKLOG = 1000;

async function measureStart(config: string): Promise<number> {
  const startMs = performance.now();
  await using plugin = new PluginProcess(config);
  await plugin.waitFor(/Plugin is ready/);
  return performance.now() - startMs;
}

/** From the event to the third mail's acceptance, one request after another. */
async function measureLatency({ cluster, mail }: Playground): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const count = mail.mails.length + RECIPIENTS.length;
    const startMs = performance.now();
    cluster.create({ user: "alice@example.com", roles: ["dba"], reason: `Request ${i}` });
    await mail.waitForMails(count);
    times.push(performance.now() - startMs);
  }
  return times;
}

async function measureBacklog({ cluster, mail }: Playground): Promise<number> {
  const count = mail.mails.length + BACKLOG * RECIPIENTS.length;
  const startMs = performance.now();
  for (let i = 0; i < BACKLOG; i++) cluster.create({ user: "alice@example.com", roles: ["dba"] });
  await mail.waitForMails(count, 300_000);
  return performance.now() - startMs;
}

/** Asks for metrics ten times a second while `work` runs; how long each answer took. */
async function measureScrapes(url: string, work: Promise<unknown>): Promise<Times> {
  const scraper = new Worker(new URL("scraper.ts", import.meta.url), { type: "module" });
  scraper.postMessage(url);
  await work;
  const times = new Promise<Times>((resolve) => scraper.onmessage = ({ data }) => resolve(data));
  scraper.postMessage("");
  return await times.finally(() => scraper.terminate());
}

/** Processor time that a process has used, in milliseconds (proc(5): ticks of a hundredth second). */
async function processorMs(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name of the program, in brackets, may hold blanks; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory of a process in MiB (proc(5), VmRSS). */
async function residentMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

async function measureDaemon(playground: Playground, metricsUrl?: string): Promise<void> {
  const starts: number[] = [];
  for (let i = 0; i < STARTS; i++) starts.push(await measureStart(playground.paths.config));
  row("process start to 'Plugin is ready'", spread(starts, "ms"));
  await using plugin = new PluginProcess(playground.paths.config);
  await plugin.waitFor(/Plugin is ready/);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  row("resident memory at rest", `${(await residentMiB(plugin.pid)).toFixed(0)} MiB`);
  row("event to three mails", spread(await measureLatency(playground), "ms"));
  const idleMs = await processorMs(plugin.pid);
  const backlog = measureBacklog(playground);
  const scrapes = metricsUrl === undefined ? [] : await measureScrapes(metricsUrl, backlog);
  const backlogMs = await backlog;
  const rate = BACKLOG * RECIPIENTS.length / (backlogMs / 1000);
  row(
    `${BACKLOG} requests at once, ${RECIPIENTS.length} mails each`,
    `${(backlogMs / 1000).toFixed(1)} s, ${rate.toFixed(0)} mails/s`,
  );
  const perMail = (await processorMs(plugin.pid) - idleMs) / (BACKLOG * RECIPIENTS.length);
  row("processor time of that", `${perMail.toFixed(1)} ms a mail`);
  if (scrapes.length > 0) row("a scrape meanwhile", spread(scrapes, "ms"));
  row("resident memory after that", `${(await residentMiB(plugin.pid)).toFixed(0)} MiB`);
}

/** Returns the address of the metrics. */
async function listenForHttp(config: string): Promise<string> {
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  const text = await Deno.readTextFile(config);
  await Deno.writeTextFile(config, `${text}\n[http]\nlisten = "127.0.0.1:${port}"\n`);
  return `http://127.0.0.1:${port}/metrics`;
}

function spread(values: readonly number[], unit: string): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(0);
  return `median ${at(0.5)} ${unit}, min ${at(0)}, max ${at(1)} (${values.length} runs)`;
}

function row(name: string, value: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${name.padEnd(44)}${value}\n`));
}

/** Runs a part of the benchmark on a playground of its own. */
async function onPlayground(measure: (playground: Playground) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-bench-" });
  try {
    const options = { dir, roleToRecipients: { "*": RECIPIENTS } };
    await using playground = await startPlayground(options);
    await measure(playground);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

await onPlayground((playground) => measureDaemon(playground));
row("with http.listen, metrics asked for ten times a second", "");
await onPlayground(async (playground) => {
  await measureDaemon(playground, await listenForHttp(playground.paths.config));
});
