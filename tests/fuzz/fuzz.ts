/** Feeds a surface thousands of inputs and holds what the program promises of any input. */

import { catchUncaught } from "../../src/ops/uncaught.ts";
import { reasonOf } from "../../src/text.ts";
import { Random } from "../simulation/random.ts";
import type { Surface } from "./surface.ts";

export interface FuzzOptions {
  readonly inputs: number;
  readonly seed: number;
  /** How many inputs are under way at once. */
  readonly lanes: number;
  /** Peers run in processes of their own, so that the memory is the program's. @default false */
  readonly apart?: boolean;
}

export interface FuzzReport {
  readonly name: string;
  readonly inputs: number;
  /** Outcomes with their numbers taken out, and how often each came. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** What must not happen, with the seed and the number of the input. */
  readonly wrong: readonly string[];
  readonly tookMs: number;
  /** Undefined without --expose-gc: what is not collected, or another test's, says nothing. */
  readonly grownMiB: number | undefined;
}

/** No surface takes that long; an input that does has stalled it. */
const STALL_MS = 30_000;
/** The longest line that a log may get of one input. */
const MAX_LINE = 1500;
/** Growth that says nothing: pools, caches and code that is compiled. */
const GROWTH_MIB = 96;

export async function fuzz(surface: Surface, options: FuzzOptions): Promise<FuzzReport> {
  const { inputs, seed, lanes, apart = false } = options;
  const outcomes = new Map<string, number>();
  const wrong: string[] = [];
  const startMs = performance.now();
  using uncaught = catchUncaught(() => {});
  uncaught.handler = ({ error, at }) => wrong.push(`uncaught: ${error} at ${at}`);
  using _ = watchConsole((words) => wrong.push(`written past the log: ${words}`));
  let next = 0;
  let warmMiB: number | undefined;
  const work = async () => {
    await using lane = await surface.open({ apart });
    for (let index = next++; index < inputs; index = next++) {
      if (index === Math.floor(inputs / 5)) warmMiB = residentMiB();
      const name = `input ${index} of seed ${seed}`;
      try {
        const outcome = await inTime(lane.feed(new Random(Math.imul(seed, 0x9e3779b1) ^ index)));
        const problem = lineProblem(outcome);
        if (problem !== undefined) wrong.push(`${name}: ${problem}`);
        const kind = outcome.replace(/'[^']*'/g, "'…'").replace(/\d+/g, "0").slice(0, 90);
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      } catch (error) {
        wrong.push(`${name}: ${error instanceof Error ? error.stack : reasonOf(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  // What is still to be thrown by something that was let go.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const endMiB = residentMiB();
  const grownMiB = endMiB === undefined ? undefined : endMiB - (warmMiB ?? 0);
  const limitMiB = GROWTH_MIB + (surface.keptKiB ?? 0) * inputs / 1024;
  if (grownMiB !== undefined && grownMiB > limitMiB) {
    wrong.push(`memory grew by ${grownMiB.toFixed(0)} MiB`);
  }
  const tookMs = performance.now() - startMs;
  return { name: surface.name, inputs, outcomes, wrong, tookMs, grownMiB };
}

/** Libraries that write to the console spoil the format of the log. */
function watchConsole(heard: (words: string) => void): Disposable {
  const { error, warn, log, info } = console;
  const hear = (...words: unknown[]) => heard(words.map(String).join(" "));
  Object.assign(console, { error: hear, warn: hear, log: hear, info: hear });
  return { [Symbol.dispose]: () => void Object.assign(console, { error, warn, log, info }) };
}

function residentMiB(): number | undefined {
  const { gc } = globalThis as { readonly gc?: () => void };
  if (gc === undefined) return undefined;
  gc();
  return Deno.memoryUsage().rss / 1024 / 1024;
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("stalled")), STALL_MS);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why an outcome could not be a line of the log. */
function lineProblem(outcome: string): string | undefined {
  if (outcome === "") return "an error without words";
  if (outcome.length > MAX_LINE) return `a line of ${outcome.length} characters`;
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(outcome)) {
    return `control characters: ${JSON.stringify(outcome)}`;
  }
  return /\bundefined\b|\[object /.test(outcome) ? `not words: ${outcome}` : undefined;
}
