import type { Config } from "../config/config.ts";
import { loadTemplates, type Templates } from "../mail/content/templates.ts";
import type { CliIo } from "./io.ts";
import { reportErrors } from "./read_config.ts";

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
