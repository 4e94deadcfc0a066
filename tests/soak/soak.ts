/**
 * A soak: real replicas on a simulated cluster while something goes wrong every few seconds. The seed
 * fixes what is asked for and what goes wrong when; what meets what is up to the machine.
 */

import { orAborted } from "../../src/abort.ts";
import { Random } from "../simulation/random.ts";
import { dataOf } from "../support.ts";
import { judge, type Verdict } from "./audit.ts";
import { FAULTS } from "./faults.ts";
import { ask, type Asked } from "./people.ts";
import type { Exit, Replica } from "./replica.ts";
import { type SoakStage, startStage } from "./stage.ts";

export interface SoakOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly requests: number;
  /** Gets a line for each fault and each replica's log line. */
  readonly say: (who: string, line: string) => void;
  /** Stops everything half-way. */
  readonly signal: AbortSignal;
}

export interface SoakReport extends Verdict {
  readonly requests: number;
  /** How often each fault was brought about. */
  readonly faults: ReadonlyMap<string, number>;
  /** From the last fault until nothing was owed any more. */
  readonly drainMs: number;
  /** Starts of all replicas together. */
  readonly starts: number;
  readonly renewals: number;
  /** The largest resident set of a replica at the end. */
  readonly residentMiB: number;
}

const FAULT_EVERY_MS = { min: 1_000, max: 4_000 };
/** A mail that has failed several times may wait for minutes (`retryDelayMs()`). */
const DRAIN_LIMIT_MS = 300_000;

/** Runs a soak to its end; rejects when it is stopped before. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-soak-" });
  try {
    await using stage = await startStage(dir, options.say);
    return await orAborted(soakOn(stage, options), options.signal);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function soakOn(stage: SoakStage, options: SoakOptions): Promise<SoakReport> {
  const { seed, say } = options;
  const random = new Random(seed);
  const asked: Asked[] = [];
  const people = askAll(stage, random.fork(), options, asked);
  const faults = await spoil(stage, random.fork(), options);
  const startMs = performance.now();
  say("soak", "the last fault is over");
  const enough = new AbortController();
  await Promise.race([people, rest(DRAIN_LIMIT_MS, enough.signal)]);
  enough.abort();
  await settled(stage, asked, startMs + DRAIN_LIMIT_MS);
  const drainMs = performance.now() - startMs;
  const verdict = judge(asked, stage.playground.mail.mails, stage.excuses);
  const { replicas } = stage;
  return {
    ...verdict,
    wrong: [...verdict.wrong, ...replicas.flatMap(({ exits }) => exits.flatMap(unexpected))],
    requests: asked.length,
    faults,
    drainMs,
    starts: replicas.reduce((sum, { starts }) => sum + starts, 0),
    renewals: stage.identity.renewals,
    residentMiB: Math.max(...await Promise.all(replicas.map(residentMiB))),
  };
}

/** Starts all requests at random times; resolves when everybody has done what they wanted. */
async function askAll(
  stage: SoakStage,
  random: Random,
  { requests, durationMs }: SoakOptions,
  asked: Asked[],
): Promise<void> {
  const { playground } = stage;
  await Promise.all(Array.from({ length: requests }, async () => {
    const own = random.fork();
    await rest(own.int(0, durationMs));
    await ask({ playground, random: own, pause: rest }, asked);
  }));
}

/** Brings about faults until the time is up, and waits for the end of each. */
async function spoil(
  stage: SoakStage,
  random: Random,
  { durationMs, say }: SoakOptions,
): Promise<ReadonlyMap<string, number>> {
  const over = new AbortController();
  setTimeout(() => over.abort(), durationMs);
  const pause = (ms: number) => rest(ms, over.signal);
  const counts = new Map<string, number>();
  const busy = new Set<unknown>();
  const running = new Set<Promise<void>>();
  while (!over.signal.aborted) {
    await pause(random.int(FAULT_EVERY_MS.min, FAULT_EVERY_MS.max));
    const [own, replica] = [random.fork(), random.pick(stage.replicas)];
    const free = FAULTS.filter(({ on }) => !busy.has(on === "replica" ? replica : on));
    const [first, ...others] = free;
    if (over.signal.aborted || first === undefined) continue;
    const fault = random.pick([first, ...others]);
    const place = fault.on === "replica" ? replica : fault.on;
    counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
    say("soak", fault.on === "replica" ? `${fault.name}: ${replica.name}` : fault.name);
    busy.add(place);
    stage.identity.isTaken = busy.has("identity");
    const run = fault.run({ ...stage, random: own, pause }, replica).finally(() => {
      busy.delete(place);
      running.delete(run);
      stage.identity.isTaken = busy.has("identity");
      say("soak", `over: ${fault.name}`);
    });
    running.add(run);
  }
  await Promise.all(running);
  stage.playground.auth.clearFaults();
  stage.playground.mail.clearFaults();
  return counts;
}

/** Waits until nothing is owed, and every end has been told. */
async function settled(
  { playground }: SoakStage,
  asked: readonly Asked[],
  deadlineMs: number,
): Promise<void> {
  const open = () =>
    asked.filter(({ id, end, reviews, isPatient }) => {
      const data = dataOf(playground, id);
      if (data["user"] === undefined) return isPatient || end === undefined;
      return data["owed"] !== undefined || (end !== undefined && !data["resolution"]) ||
        (end === undefined && Number(data["reviews_count"] ?? 0) < reviews);
    });
  while (open().length > 0 && performance.now() < deadlineMs) await rest(200);
}

/** Without credentials a program cannot start (the identity file may be broken just then). */
function unexpected({ replica, code, lastLine }: Exit): readonly string[] {
  return code === 1 && /identity file|credential|private key/.test(lastLine)
    ? []
    : [`${replica} ended with code ${code}: ${lastLine}`];
}

/** proc(5), VmRSS. */
async function residentMiB({ pid }: Replica): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/** Waits so long, or until `signal` is aborted. */
function rest(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener("abort", done);
  });
}
