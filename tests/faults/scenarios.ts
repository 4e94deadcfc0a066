/** What makes the original lose mails, and what makes replicas send them twice. */

import type { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import { until } from "../support.ts";
import { acceptedAndOwed, expectedMails } from "./count.ts";
import type { World } from "./world.ts";

/** The default of `smtp.max_connections`. */
const CONNECTIONS = 10;

/** Where a scenario plays. */
export interface Stage {
  readonly world: World;
  readonly recipients: readonly string[];
  /** Starts the program and waits until it is ready; by default with the world's configuration. */
  start(config?: string): Promise<PluginProcess>;
  /** Waits until all of these have come, and nothing is owed or held any more. */
  untilSent(expected: readonly string[]): Promise<void>;
}

export interface Played {
  /** The mails that had to come; see `expectedMails()`. */
  readonly expected: readonly string[];
  /** When the first of them could be sent. */
  readonly startMs: number;
  /** How many mails had come before that, for other reasons. */
  readonly before?: number;
  /** How many mails may come twice: they were in flight when a program was killed or hung. */
  readonly inFlight?: number;
}

export interface Scenario {
  readonly name: string;
  /** How many mails the original (v9.3.7) loses, as issue 5 and original.md §4.1 have it. */
  readonly original: string;
  readonly recipients?: number;
  readonly roundTripMs?: number;
  readonly isBehindProxy?: boolean;
  /** It needs what the cluster in Go has not, so it always plays in `sim/`. */
  readonly isSimOnly?: boolean;
  play(stage: Stage): Promise<Played>;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "ten temporary refusals, 10 requests",
    original: "lost 10 of 30",
    play: async ({ world, recipients, start, untilSent }) => {
      await start();
      await world.refuseMails(10);
      const startMs = Date.now();
      const expected = expectedMails("new", await world.create(10), recipients);
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "10 requests made while it is down",
    original: "lost 30 of 30",
    play: async ({ world, recipients, start, untilSent }) => {
      const expected = expectedMails("new", await world.create(10), recipients);
      const startMs = Date.now();
      await start();
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "5 decisions made while it is down",
    original: "lost 15 of 15",
    play: async ({ world, recipients, start, untilSent }) => {
      const first = await start();
      const ids = await world.create(5);
      await untilSent(expectedMails("new", ids, recipients));
      await first.stop();
      const before = await world.countMails();
      for (const id of ids) await world.decide(id, RequestState.APPROVED);
      const startMs = Date.now();
      await start();
      const expected = expectedMails("resolution", ids, recipients);
      await untilSent(expected);
      return { expected, startMs, before };
    },
  },
  {
    name: "5 requests made while the stream is down",
    original: "lost 15 of 15",
    play: async ({ world, recipients, start, untilSent }) => {
      await start();
      await world.dropStreams();
      const startMs = Date.now();
      const expected = expectedMails("new", await world.create(5), recipients);
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "40 recipients, round trips of 20 ms",
    original: "took 8.3 s",
    recipients: 40,
    roundTripMs: 20,
    play: async ({ world, recipients, start, untilSent }) => {
      await start();
      const startMs = Date.now();
      const expected = expectedMails("new", await world.create(1), recipients);
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "the decision on that request",
    original: "lost 40 of 40",
    recipients: 40,
    roundTripMs: 20,
    play: async ({ world, recipients, start, untilSent }) => {
      await start();
      const ids = await world.create(1);
      const first = expectedMails("new", ids, recipients);
      await untilMails(40, world);
      const startMs = Date.now();
      for (const id of ids) await world.decide(id, RequestState.DENIED);
      const expected = [...first, ...expectedMails("resolution", ids, recipients)];
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "SIGHUP, then 5 requests",
    original: "ends",
    play: async ({ world, recipients, start, untilSent }) => {
      const plugin = await start();
      plugin.signal("SIGHUP");
      await plugin.waitFor(/The new configuration is in use/);
      const startMs = Date.now();
      const expected = expectedMails("new", await world.create(5), recipients);
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "kill -9 in the middle of 60 mails",
    original: "not measured",
    roundTripMs: 20,
    play: async ({ world, recipients, start, untilSent }) => {
      const plugin = await start();
      const startMs = Date.now();
      const ids = await world.create(20);
      const inFlight = await killAfter(20, plugin, world);
      await start();
      const expected = expectedMails("new", ids, recipients);
      await untilSent(expected);
      return { expected, startMs, inFlight };
    },
  },
  {
    name: "two replicas, 40 requests",
    original: "not measured",
    play: async ({ world, recipients, start, untilSent }) => {
      await Promise.all([start(), start()]);
      const startMs = Date.now();
      const expected = expectedMails("new", await world.create(40), recipients);
      await untilSent(expected);
      return { expected, startMs };
    },
  },
  {
    name: "the same, one killed in the middle",
    original: "not measured",
    roundTripMs: 20,
    play: async ({ world, recipients, start, untilSent }) => {
      const [killed] = await Promise.all([start(), start()]);
      const startMs = Date.now();
      const ids = await world.create(40);
      const inFlight = await killAfter(40, killed, world);
      const expected = expectedMails("new", ids, recipients);
      await untilSent(expected);
      return { expected, startMs, inFlight };
    },
  },
  {
    name: "the same, one hangs for 40 s and comes back",
    original: "not measured",
    roundTripMs: 20,
    play: async ({ world, recipients, start, untilSent }) => {
      const [hung] = await Promise.all([start(), start()]);
      const startMs = Date.now();
      const ids = await world.create(40);
      await untilMails(40, world);
      hung.signal("SIGSTOP");
      await pause(500);
      const accepted = acceptedAndOwed(await world.mails(), await world.records());
      // The other one takes over; then this one goes on in the middle of its conversations.
      await pause(40_000);
      hung.signal("SIGCONT");
      await pause(5000);
      const expected = expectedMails("new", ids, recipients);
      await untilSent(expected);
      return { expected, startMs, inFlight: accepted.size + CONNECTIONS };
    },
  },
];

/** Kills a program once so many mails have come; tells how many have left without being noted. */
async function killAfter(mails: number, plugin: PluginProcess, world: World): Promise<number> {
  await untilMails(mails, world);
  plugin.signal("SIGKILL");
  await plugin.ended();
  return acceptedAndOwed(await world.mails(), await world.records()).size;
}

async function untilMails(count: number, world: World): Promise<void> {
  await until(`${count} mails have come`, async () => await world.countMails() >= count, 60_000);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
