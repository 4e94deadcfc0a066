/** Programs of the system, run to their end. */

import {
  type CommandOptions,
  type Output,
  run as runProgram,
} from "../../../packaging/build/command.ts";

export interface Finished extends Output {
  readonly ok: boolean;
}

/** Runs `command`; a failure is a result like others, but a program that is missing throws. */
export async function run(
  [program = "", ...args]: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  const output = await runProgram(program, args, options);
  return { ...output, ok: output.code === 0 };
}

/** Runs `command` and returns what it said on stdout. Throws with all it said when it fails. */
export async function must(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { ok, code, stdout, stderr } = await run(command, options);
  if (ok) return stdout;
  throw new Error(`'${command.join(" ")}' ended with ${code}:\n${stdout}${stderr}`);
}
