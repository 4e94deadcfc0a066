/** The configuration for commands other than `start`, which tell of errors on their own output. */

import type { Config, LoadResult } from "../config/config.ts";
import { loadConfig, parseConfig } from "../config/load.ts";
import type { CliIo } from "./commands.ts";

const STDIN = "-";

/** Reads the file at `path`; `-` is standard input. */
export async function readConfig(path: string): Promise<LoadResult> {
  const credentialsDirectory = Deno.env.get("CREDENTIALS_DIRECTORY");
  const env = credentialsDirectory === undefined ? {} : { credentialsDirectory };
  if (path !== STDIN) return await loadConfig(path, env);
  return await parseConfig(await new Response(Deno.stdin.readable).text(), "standard input", env);
}

/** Reads it, or says on stderr what is wrong with it and gives undefined. */
export async function configOrComplain(path: string, io: CliIo): Promise<Config | undefined> {
  const result = await readConfig(path);
  for (const warning of result.warnings) io.stderr(`warning: ${warning}\n`);
  if (result.ok) return result.config;
  for (const error of result.errors) io.stderr(`error: ${error}\n`);
  return undefined;
}

/** Says on stderr why a command could not do its work, and gives the exit code for that. */
export function cannot(io: CliIo, errors: readonly string[]): 2 {
  for (const error of errors) io.stderr(`error: ${error}\n`);
  return 2;
}
