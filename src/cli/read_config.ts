/** The configuration; commands other than `start` report its errors on their own output. */

import type { Config, ConfigParts, LoadResult } from "../config/config.ts";
import { loadConfig, parseConfig } from "../config/load.ts";
import { loadTemplates, type Templates } from "../mail/content/templates.ts";
import { PROGRAM } from "../version.ts";
import { type CliIo, complain, type ConfigOptions, reportErrors } from "./io.ts";

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

/** Whether no path was given and there is no file at the default one. */
export async function isWithoutConfig(
  { config, isDefaultConfig }: ConfigOptions,
): Promise<boolean> {
  if (!isDefaultConfig) return false;
  try {
    await Deno.stat(config);
    return false;
  } catch (error) {
    // Another fault is one of a file that is there.
    return error instanceof Deno.errors.NotFound;
  }
}

/**
 * Reads the sections that a command needs. An error in another section is only mentioned; an error in one
 * of them is reported with all others, and the result is undefined.
 */
export async function loadPartsOrReport<Part extends keyof Config>(
  path: string,
  needed: readonly Part[],
  io: CliIo,
): Promise<ConfigParts & Pick<Config, Part> | undefined> {
  const result = await readConfig(path);
  if (!result.ok && !needed.every((part) => result.parts[part] !== undefined)) {
    for (const warning of result.warnings) complain(io, "warning", warning);
    reportErrors(io, result.errors);
    if (result.isUnreadable) {
      io.stderr(`Name the file with --config; '${PROGRAM} configure' prints a sample\n`);
    }
    return undefined;
  }
  if (result.ok) {
    for (const warning of result.warnings) complain(io, "warning", warning);
    return result.config;
  }
  const text = `'${path}' has errors in parts that are not needed here, see '${PROGRAM} check'`;
  complain(io, "warning", text);
  return result.parts as ConfigParts & Pick<Config, Part>;
}

/** Reads the templates, or reports their errors and returns undefined. */
export async function loadTemplatesOrReport(
  { templates }: Pick<Config, "templates">,
  io: CliIo,
): Promise<Templates | undefined> {
  const result = await loadTemplates(templates.directory);
  for (const warning of result.warnings) complain(io, "warning", warning);
  if (result.ok) return result.templates;
  reportErrors(io, result.errors);
  return undefined;
}
