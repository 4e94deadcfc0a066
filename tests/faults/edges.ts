/** What comes from outside, deceives, stalls or breaks: clusters, networks, HTTP clients, files. */

import { connect } from "node:net";
import type { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import { expectedMails } from "./count.ts";
import type { Scenario } from "./scenarios.ts";

/** Long enough for several attempts to connect. */
const RESETS_MS = 8_000;
const STALLED_CLIENTS = 16;

export const EDGES: readonly Scenario[] = [
  {
    name: "10 approvals after the role lost 'list'",
    original: "not measured",
    play: async ({ world, recipients, start, untilSent }) => {
      const plugin = await start();
      const ids = await world.create(10);
      const first = expectedMails("new", ids, recipients);
      await untilSent(first);
      await world.narrow(true);
      await world.dropStreams();
      await plugin.waitFor(/Listing of access requests may be incomplete/, 60_000);
      const startMs = Date.now();
      for (const id of ids) await world.decide(id, RequestState.APPROVED);
      const expected = [...first, ...expectedMails("resolution", ids, recipients)];
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "5 decisions, a replica on a lagging cache",
    original: "not measured",
    isSimOnly: true,
    play: async ({ world, recipients, start, untilSent }) => {
      await start();
      const lagging = await world.startLagging?.();
      const ids = await world.create(5);
      const first = expectedMails("new", ids, recipients);
      await untilSent(first);
      await start(lagging);
      const startMs = Date.now();
      for (const id of ids) await world.decide(id, RequestState.DENIED);
      const expected = [...first, ...expectedMails("resolution", ids, recipients)];
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "10 requests behind 40 that refuse writes",
    original: "not measured",
    play: async ({ world, recipients, start, untilSent }) => {
      const plugin = await start();
      await world.refuseWrites(true);
      await world.create(40);
      await plugin.waitFor(/size limit/, 60_000);
      await world.refuseWrites(false);
      const startMs = Date.now();
      const expected = expectedMails("new", await world.create(10), recipients);
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "5 requests while connections are reset",
    original: "not measured",
    isBehindProxy: true,
    play: async ({ world, recipients, start, untilSent }) => {
      await start();
      const startMs = Date.now();
      world.reset(true);
      const expected = expectedMails("new", await world.create(5), recipients);
      await pause(RESETS_MS);
      world.reset(false);
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "10 requests, 16 HTTP clients do not read",
    original: "has no HTTP",
    play: async ({ world, recipients, start, untilSent }) => {
      const port = freePort();
      await change(world.config, (text) => `${text}\n[http]\nlisten = "127.0.0.1:${port}"\n`);
      const plugin = await start();
      const clients = Array.from({ length: STALLED_CLIENTS }, () => stalledClient(port));
      try {
        await pause(1_000);
        const startMs = Date.now();
        const expected = expectedMails("new", await world.create(10), recipients);
        await untilSent(expected);
        await stopped(plugin);
        return { expected, startMs };
      } finally {
        for (const client of clients) client.destroy();
      }
    },
  },
  {
    name: "a reload that hangs, 5 requests, SIGTERM",
    original: "ends",
    play: async ({ world, recipients, start, untilSent }) => {
      const plugin = await start();
      // Opening a FIFO without a writer waits.
      await Deno.rename(world.config, `${world.config}.old`);
      await new Deno.Command("mkfifo", { args: [world.config] }).output();
      plugin.signal("SIGHUP");
      await pause(1_000);
      const startMs = Date.now();
      const expected = expectedMails("new", await world.create(5), recipients);
      await untilSent(expected);
      await stopped(plugin);
      return { expected, startMs };
    },
  },
];

/** Stops the program by SIGTERM. Throws when it takes longer than a service manager waits. */
async function stopped(plugin: PluginProcess): Promise<void> {
  plugin.signal("SIGTERM");
  const late = setTimeout(() => plugin.signal("SIGKILL"), 20_000);
  const code = await plugin.ended();
  clearTimeout(late);
  if (code !== 0) throw new Error(`SIGTERM did not end the program: exit code ${code}`);
}

/** Asks for pages again and again, and reads none. */
function stalledClient(port: number) {
  const client = connect(port, "127.0.0.1");
  client.on("error", () => {});
  client.pause();
  client.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000));
  return client;
}

async function change(path: string, edit: (text: string) => string): Promise<void> {
  await Deno.writeTextFile(path, edit(await Deno.readTextFile(path)));
}

/** A port that was free a moment ago. */
function freePort(): number {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return probe.addr.port;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
