/** Programs of the system, run to their end. */

export interface Finished {
  readonly ok: boolean;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `command`; a failure is a result like others. */
export async function run(
  [program = "", ...args]: readonly string[],
  { cwd, env }: CommandOptions = {},
): Promise<Finished> {
  const output = await new Deno.Command(program, {
    args,
    stdin: "null",
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: { ...env } }),
  }).output();
  const decoder = new TextDecoder();
  return {
    ok: output.success,
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
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
