/** `teleport-email preview`: a sample mail as the configured templates make it. */

import { composeMail } from "../mail/content/compose.ts";
import type { CliIo, PreviewOptions } from "./commands.ts";
import { loadConfigOrReport } from "./read_config.ts";
import { loadTemplatesOrReport } from "./read_templates.ts";
import { sampleOf } from "./samples.ts";

/** Prints subject and text, or the HTML part alone; returns the exit code. */
export async function preview(options: PreviewOptions, io: CliIo): Promise<number> {
  const config = await loadConfigOrReport(options.config, io);
  if (config === undefined) return 2;
  const templates = await loadTemplatesOrReport(config, io);
  if (templates === undefined) return 2;
  const { details, actions, timeZone } = config.delivery;
  const look = { html: options.html, details, actions, timeZone };
  const mail = composeMail(sampleOf(options.kind), templates, look);
  for (const warning of mail.warnings) io.stderr(`warning: ${warning}\n`);
  io.stdout(mail.html === undefined ? `Subject: ${mail.subject}\n\n${mail.text}\n` : mail.html);
  return 0;
}
