/** What the simulator's commands share: options, output, and an end that cleans up. */

import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** How a command talks to its terminal, and learns that it has to end. */
export interface CommandIo {
  /** Writes to standard output. A closed pipe aborts `signal`. */
  readonly write: (text: string) => void;
  /** Aborted by SIGINT, SIGTERM, SIGHUP or a closed standard output; the reason is an `Interruption`. */
  readonly signal: AbortSignal;
  /** Whether a person watches: standard output is a terminal, and `CI` is not set. */
  readonly isWatched: boolean;
}

/** Wrong options; the message names them. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The end of a command by a signal. */
export class Interruption extends Error {
  override readonly name = "Interruption";

  constructor(readonly signalName: keyof typeof SIGNALS) {
    super(`interrupted by ${signalName}`);
  }

  /** As a shell reports it: 128 and the number of the signal. */
  get exitCode(): number {
    return 128 + SIGNALS[this.signalName];
  }
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const;
const CAUGHT = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/**
 * Runs a command and exits: 0 at its end, 2 after wrong options, 128 and the number of the signal when
 * one interrupted it. `main` disposes of what it started before it settles.
 */
export async function runCommand(
  task: string,
  main: (args: readonly string[], io: CommandIo) => Promise<void>,
): Promise<never> {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = CAUGHT.map((name) => {
    const listener = () => controller.abort(new Interruption(name));
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  });
  const write = (text: string) => {
    if (writeAll(text) === "closed") controller.abort(new Interruption("SIGPIPE"));
  };
  const isWatched = Deno.stdout.isTerminal() && !Deno.env.get("CI");
  let code = 0;
  try {
    await main(Deno.args, { write, signal, isWatched });
  } catch (error) {
    if (error instanceof Interruption) code = error.exitCode;
    else {
      code = error instanceof UsageError ? 2 : 1;
      const hint = error instanceof UsageError ? `; see 'deno task ${task} --help'` : "";
      // deno-lint-ignore no-console -- the end of a command
      console.error(`${error instanceof Error ? error.message : String(error)}${hint}`);
    }
  }
  for (const remove of listeners) remove();
  Deno.exit(code);
}

/**
 * Reads the options of a command; there are no other arguments.
 *
 * @throws {UsageError} when an option is unknown or has no value
 */
export function readOptions<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message.split(". ")[0]);
    throw error;
  }
}

/**
 * The port in `--<name>`; 0 means a free one.
 *
 * @throws {UsageError} when it is not a port
 */
export function readPort(name: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`--${name} must be a port from 0 to 65535, it is '${text}'`);
}

/** Settles as `work` does, or rejects with the reason of `signal` if that comes first. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Resolves when `signal` is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function writeAll(text: string): "written" | "closed" {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
    return "written";
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return "closed";
    throw error;
  }
}
