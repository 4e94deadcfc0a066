/** Runs other programs. */

import { BuildError } from "./fail.ts";

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Leaves nothing of this process's environment. */
  readonly clearEnv?: boolean;
}

/** Runs a program to its end; throws only when there is no such program. */
export async function run(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Output> {
  try {
    const command = new Deno.Command(program, { args: [...args], stdin: "null", ...options });
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new BuildError(`Cannot run '${program}': ${cause}`);
  }
}

/** Runs a program that has to succeed, and gives its standard output. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code === 0) return stdout;
  const said = (stderr + stdout).trim();
  throw new BuildError(`'${[program, ...args].join(" ")}' ended with code ${code}:\n${said}`);
}
