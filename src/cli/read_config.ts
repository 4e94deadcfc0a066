/** The configuration; commands other than `start` tell of its errors on their own output. */

import type { Config, LoadResult } from "../config/config.ts";
import { loadConfig, parseConfig } from "../config/load.ts";
import { loadTemplates, type Templates } from "../mail/content/templates.ts";
import type { CliIo } from "./io.ts";

const STDIN = "-";

/** Reads the file at `path`. */
export async function readConfigFile(path: string): Promise<LoadResult> {
  return await loadConfig(path, placeholders());
}

/** Reads the file at `path`; `-` is standard input. */
export async function readConfig(path: string): Promise<LoadResult> {
  if (path !== STDIN) return await readConfigFile(path);
  const text = await new Response(Deno.stdin.readable).text();
  return await parseConfig(text, "standard input", placeholders());
}

/** What paths of the configuration may begin with. */
function placeholders(): { readonly credentialsDirectory?: string } {
  const credentialsDirectory = Deno.env.get("CREDENTIALS_DIRECTORY");
  return credentialsDirectory === undefined ? {} : { credentialsDirectory };
}

/** Reads it, or says on stderr what is wrong with it and gives undefined. */
export async function loadConfigOrReport(path: string, io: CliIo): Promise<Config | undefined> {
  const result = await readConfig(path);
  for (const warning of result.warnings) io.stderr(`warning: ${warning}\n`);
  if (result.ok) return result.config;
  reportErrors(io, result.errors);
  return undefined;
}

/** Says on stderr why a command could not do its work, and gives the exit code for that. */
export function reportErrors(io: CliIo, errors: readonly string[]): 2 {
  for (const error of errors) io.stderr(`error: ${error}\n`);
  return 2;
}

/** Reads the templates, or says on stderr what is wrong with them and gives undefined. */
export async function loadTemplatesOrReport(
  { templates }: Config,
  io: CliIo,
): Promise<Templates | undefined> {
  const result = await loadTemplates(templates.directory);
  for (const warning of result.warnings) io.stderr(`warning: ${warning}\n`);
  if (result.ok) return result.templates;
  reportErrors(io, result.errors);
  return undefined;
}
