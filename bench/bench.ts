/**
 * `deno task bench`: how fast the real program is, on the simulated cluster and mail server of this
 * machine. Prints a table; numbers in documents come from here.
 */

import { type Playground, startPlayground } from "../sim/playground.ts";
import { PluginProcess } from "../sim/plugin_process.ts";

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

/** Resident memory of a process in MiB (proc(5), VmRSS). */
async function residentMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

function spread(values: readonly number[], unit: string): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(0);
  return `median ${at(0.5)} ${unit}, min ${at(0)}, max ${at(1)} (${values.length} runs)`;
}

function row(name: string, value: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${name.padEnd(44)}${value}\n`));
}

const dir = await Deno.makeTempDir({ prefix: "teleport-email-bench-" });
try {
  const options = { dir, roleToRecipients: { "*": RECIPIENTS } };
  await using playground = await startPlayground(options);
  const { config } = playground.paths;
  const starts: number[] = [];
  for (let i = 0; i < STARTS; i++) starts.push(await measureStart(config));
  row("process start to 'Plugin is ready'", spread(starts, "ms"));

  await using plugin = new PluginProcess(config);
  await plugin.waitFor(/Plugin is ready/);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  row("resident memory at rest", `${(await residentMiB(plugin.pid)).toFixed(0)} MiB`);
  row("event to three mails", spread(await measureLatency(playground), "ms"));
  const backlogMs = await measureBacklog(playground);
  const rate = BACKLOG * RECIPIENTS.length / (backlogMs / 1000);
  row(
    `${BACKLOG} requests at once, ${RECIPIENTS.length} mails each`,
    `${(backlogMs / 1000).toFixed(1)} s, ${rate.toFixed(0)} mails/s`,
  );
  row("resident memory after that", `${(await residentMiB(plugin.pid)).toFixed(0)} MiB`);
} finally {
  await Deno.remove(dir, { recursive: true });
}
