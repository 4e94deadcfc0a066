/**
 * `deno task faults`: plays what the original loses mails in, and prints what came of it. Runs against
 * gocluster and smtpsink where they and Go are there, else, or with `--sim`, against `sim/`. Ends with
 * code 1 when a mail was lost, or came twice without having been in flight at a kill.
 *
 * With `--overload`: more requests, recipients and reviews than anybody expects, against `sim/`.
 */

import { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { onStage, until } from "../support.ts";
import { countMails } from "./count.ts";
import { EDGES } from "./edges.ts";
import { goWorlds } from "./go_worlds.ts";
import { OVERLOADS } from "./overload.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { simWorlds } from "./sim_worlds.ts";
import { print, row } from "./table.ts";
import type { World, Worlds } from "./world.ts";

/** Words on the command line choose scenarios by their names. */
const WORDS = Deno.args.filter((arg) => !arg.startsWith("--"));

/** The lease of a killed replica expires after 25 to 30 s. */
const PATIENCE_MS = 90_000;

function isWanted({ name }: { readonly name: string }): boolean {
  return WORDS.every((word) => name.includes(word));
}

async function chooseWorlds(): Promise<Worlds> {
  if (Deno.args.includes("--sim")) return simWorlds();
  try {
    return await goWorlds();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    print(`Using sim/, for want of gocluster and smtpsink: ${reason}`);
    return simWorlds();
  }
}

/** Whether all of it came, and nothing is owed or held any more. */
async function isSent(world: World, expected: readonly string[]): Promise<boolean> {
  if (countMails(expected, await world.mails()).lost > 0) return false;
  const records = await world.records();
  return [...records.values()].every(({ owed, owner }) => !owed && !owner);
}

async function untilSent(world: World, expected: readonly string[]): Promise<void> {
  const enough = async () => await world.countMails() >= expected.length;
  await until("enough mails have come", enough, PATIENCE_MS);
  await until("everything has come", () => isSent(world, expected), PATIENCE_MS);
}

/** Plays a scenario in a world of its own and prints its row; whether the promise was kept. */
async function play(worlds: Worlds, scenario: Scenario): Promise<boolean> {
  const { name, original, roundTripMs = 0, isBehindProxy = false } = scenario;
  const recipients = Array.from(
    { length: scenario.recipients ?? 3 },
    (_, i) => `reviewer-${i}@example.com`,
  );
  await using world = await worlds.open({ recipients, roundTripMs, isBehindProxy });
  await using stack = new AsyncDisposableStack();
  const played = await scenario.play({
    world,
    recipients,
    start: async (config = world.config) => {
      const plugin = stack.use(new PluginProcess(config));
      await plugin.waitFor(/Plugin is ready/, 60_000);
      return plugin;
    },
    // What does not come is counted below.
    untilSent: (expected) => untilSent(world, expected).catch(() => {}),
  });
  // A program that stops sends nothing more, so this is all.
  await stack.disposeAsync();
  const { expected, before = 0, startMs, inFlight = 0 } = played;
  const mails = (await world.mails()).slice(before);
  const { lost, surplus } = countMails(expected, mails);
  const lastMs = Math.max(startMs, ...mails.map(({ receivedAt }) => receivedAt.getTime()));
  const twice = `${surplus.length}${inFlight === 0 ? "" : ` of ${inFlight} in flight`}`;
  const seconds = ((lastMs - startMs) / 1000).toFixed(1);
  row([name, expected.length, mails.length, lost, twice, seconds, original]);
  return lost === 0 && surplus.length <= inFlight &&
    surplus.every((mail) => expected.includes(mail));
}

/** Plays every scenario; whether the promise was kept in all of them. */
async function playFaults(): Promise<boolean> {
  await using worlds = await chooseWorlds();
  print(`Faults, against ${worlds.name}\n`);
  row(["scenario", "mails", "received", "lost", "twice", "seconds", "original (v9.3.7)"]);
  let kept = true;
  for (const scenario of [...SCENARIOS, ...EDGES].filter(isWanted)) {
    kept = await play(scenario.isSimOnly ? simWorlds() : worlds, scenario) && kept;
  }
  const good = "Nothing lost, nothing twice but what was in flight at a kill or a standstill.";
  print(`\n${kept ? good : "The promise is broken, see above."}`);
  return kept;
}

/** Plays every overload in full. */
async function playOverload(): Promise<boolean> {
  print("Overload, against sim/\n");
  let kept = true;
  for (const { name, sizes: { full }, roleToRecipients, run } of OVERLOADS.filter(isWanted)) {
    const startMs = Date.now();
    try {
      await onStage({ roleToRecipients: roleToRecipients(full) }, async (stage) => {
        const peak = await run(stage, full);
        const seconds = ((Date.now() - startMs) / 1000).toFixed(0);
        print(`${full} ${name}: ${seconds} s, ${peak} MiB at most`);
      });
    } catch (error) {
      kept = false;
      print(`${full} ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return kept;
}

const kept = Deno.args.includes("--overload") ? await playOverload() : await playFaults();
Deno.exitCode = kept ? 0 : 1;
