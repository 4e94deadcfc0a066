/**
 * `deno run -A bench/connection_methods.ts`: how long each way into the cluster takes, at the start and after the
 * server that it leads through has restarted. On the simulated cluster of this machine.
 */

import { type Balancer, startBalancer } from "../sim/proxy/balancer.ts";
import { type Playground, startPlayground } from "../sim/playground/playground.ts";
import { PluginProcess } from "../sim/playground/plugin_process.ts";

const RUNS = 5;
/** How long the server is away. */
const AWAY_MS = 1_000;

interface Row {
  readonly name: string;
  readonly via: string;
  readonly address: string;
  /** What restarts. */
  readonly server: { stop(): Promise<void>; start(): Promise<void> };
}

function rowsOf({ auth, proxy, ssh }: Playground, balancer: Balancer): readonly Row[] {
  return [
    { name: "auth server", via: "auto", address: auth.address, server: auth },
    { name: "proxy, directly", via: "auto", address: proxy.address, server: proxy },
    { name: "proxy, by SSH tunnel", via: "ssh", address: proxy.address, server: ssh },
    { name: "SSH tunnel, found out", via: "auto", address: ssh.address, server: ssh },
    { name: "balancer, by upgrade", via: "upgrade", address: balancer.address, server: balancer },
    { name: "balancer, found out", via: "auto", address: balancer.address, server: balancer },
  ];
}

/** From the start of the process to its readiness, and from the server's return to the next mail. */
async function measure(
  { cluster, mail, paths }: Playground,
  config: string,
  { via, address, server }: Row,
): Promise<readonly [number, number]> {
  const path = `${paths.config}.bench`;
  const teleport = `[teleport]\nvia = "${via}"\nweb_root_cas = "${paths.webCa}"\n`;
  const text = config.replace("[teleport]\n", teleport);
  await Deno.writeTextFile(path, text.replace(/addr = .*/, `addr = "${address}"`));
  const startMs = performance.now();
  await using plugin = new PluginProcess(path);
  await plugin.waitFor(/Plugin is ready/, 60_000);
  const readyMs = performance.now() - startMs;
  await server.stop();
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
  const count = mail.mails.length + 1;
  cluster.create({ user: "alice@example.com", roles: ["dev"] });
  await server.start();
  const backMs = performance.now();
  await mail.waitForMails(count, 60_000);
  return [readyMs, performance.now() - backMs];
}

function median(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(0);
  return `${at(0.5)} ms (${at(0)} to ${at(1)})`;
}

function print(...cells: readonly string[]): void {
  const line = cells.map((cell) => cell.padEnd(28)).join("").trimEnd();
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const dir = await Deno.makeTempDir({ prefix: "teleport-email-bench-" });
try {
  await using playground = await startPlayground({ dir });
  await using balancer = await startBalancer(playground.pki, playground.proxy.address);
  const config = await Deno.readTextFile(playground.paths.config);
  print("", "start to ready", `mail after ${AWAY_MS} ms away`);
  for (const row of rowsOf(playground, balancer)) {
    const times: (readonly [number, number])[] = [];
    for (let i = 0; i < RUNS; i++) times.push(await measure(playground, config, row));
    print(row.name, median(times.map(([ready]) => ready)), median(times.map(([, back]) => back)));
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}
