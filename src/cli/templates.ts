/** `teleport-email templates export`: the built-in templates as files. */

import { join } from "node:path";
import { fileFault } from "../text.ts";
import { exportedTemplates } from "../mail/content/export_templates.ts";
import { EXIT_OK } from "./exit_codes.ts";
import { type CliIo, reportErrors } from "./io.ts";

/** What the command takes from the command line. */
export interface TemplatesOptions {
  /** Where the files go. */
  readonly directory: string;
}

/** Writes all files, or none where one is there already; returns the exit code. */
export async function templates({ directory }: TemplatesOptions, io: CliIo): Promise<number> {
  const files = exportedTemplates();
  try {
    await Deno.mkdir(directory, { recursive: true });
    const present = await Array.fromAsync(Deno.readDir(directory));
    const taken = present.map(({ name }) => name).filter((name) => files.has(name)).sort();
    if (taken.length > 0) {
      return reportErrors(io, [
        `Cannot export to '${directory}': it already has ${
          taken.join(", ")
        }; name an empty directory`,
      ]);
    }
    for (const [name, text] of files) {
      await Deno.writeTextFile(join(directory, name), text, { createNew: true });
    }
  } catch (error) {
    return reportErrors(io, [`Cannot export to '${directory}': ${fileFault(error)}`]);
  }
  io.stdout(`${files.size} files in ${directory}: delete those that you do not change\n`);
  return EXIT_OK;
}
