/** The results of a run of the benchmark: kept as JSON, compared with those before, and printed. */

import { type Figure, median, type Sample } from "./figures.ts";

export interface Result {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

export interface Results {
  /** RFC 3339. */
  readonly at: string;
  /** What was measured: `shipped` or `sources`. */
  readonly form: string;
  readonly deno: string;
  readonly cores: number;
  /** By world, then by the figure's id. */
  readonly worlds: Readonly<Record<string, Readonly<Record<string, Result>>>>;
}

/** A change for the worse that is marked: smaller ones are within the noise of a shared machine. */
const REGRESSION = 0.15;

/** Sums the runs of one figure up. */
export function summarize(samples: readonly Sample[], id: string): Result {
  const values = samples.map((sample) => sample[id] ?? NaN);
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    runs: values.length,
  };
}

/** Whether `now` is worse than `before` by more than 15 %. */
export function isRegression(figure: Figure, now: Result, before: Result | undefined): boolean {
  if (before === undefined || before.median <= 0 || now.median <= 0) return false;
  const ratio = figure.better === "lower" ? now.median / before.median : before.median / now.median;
  return ratio > 1 + REGRESSION;
}

/** A line of the table. */
export function line(figure: Figure, now: Result, before: Result | undefined): string {
  const number = (value: number) => value.toFixed(figure.digits);
  const spread = `${number(now.min)} to ${number(now.max)}`;
  const compared = before === undefined ? "" : `  before: ${number(before.median)}`;
  const mark = isRegression(figure, now, before) ? "  REGRESSION" : "";
  const value = `${number(now.median)} ${figure.unit}`;
  return `${figure.name.padEnd(44)}${value.padEnd(18)}(${spread})${compared}${mark}`;
}

/** The results kept at `path`; undefined if there are none. */
export async function readResults(path: URL): Promise<Results | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Keeps the results. */
export async function writeResults(path: URL, results: Results): Promise<void> {
  await Deno.writeTextFile(path, `${JSON.stringify(results, null, 2)}\n`);
}
