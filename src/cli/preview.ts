/** `teleport-email preview`: emails as the templates make them, of samples or of a real request. */

import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { StartError } from "../daemon/start_error.ts";
import { fileFault } from "../text.ts";
import { composeMail } from "../mail/content/compose.ts";
import type { MailData } from "../mail/content/mail_data.ts";
import { DEFAULT_LOOK } from "../mail/content/scope.ts";
import { loadTemplates, type Templates } from "../mail/content/templates.ts";
import { rawMessage } from "../mail/smtp/raw_message.ts";
import { ClusterError } from "../teleport/errors.ts";
import type { CliIo, ConfigOptions } from "./io.ts";
import { SAMPLE_KINDS, type SampleKind } from "./sample_kinds.ts";
import { type PreviewedMail, previewPage } from "./preview/page.ts";
import { requestData } from "./preview/request.ts";
import { loadConfigOrReport, reportErrors } from "./read_config.ts";
import { loadTemplatesOrReport } from "./read_config.ts";
import { DocumentError } from "./route/documents.ts";
import { sampleOf } from "./samples.ts";

/** What the command takes from the command line. */
export interface PreviewOptions extends ConfigOptions {
  /** Whether the path was not given: no file need be there. */
  readonly isDefaultConfig?: boolean;
  /** Absent = `new` on the terminal, every kind in files. */
  readonly kind?: SampleKind | "all";
  /** `true`: the HTML part alone; a path: a page with all emails side by side. */
  readonly html: boolean | string;
  /** A directory for messages as they would be sent. */
  readonly eml?: string;
  /** Id of a request of the cluster, or the path of a file. */
  readonly request?: string;
}

/** Prints or writes the emails; returns the exit code. */
export async function preview(options: PreviewOptions, io: CliIo): Promise<number> {
  const config = await configOf(options, io);
  if (config === "wrong") return 2;
  const templates = await templatesOf(config, io);
  if (templates === undefined) return 2;
  try {
    const named = await dataOf(options, config);
    const { html, details, actions, timeZone } = config?.delivery ?? DEFAULT_LOOK;
    // Pages and the HTML part alone are asked for, whatever the configuration says.
    const look = { html: options.html !== false || html, details, actions, timeZone };
    const mails = named.map(([title, data]) => ({
      title,
      content: composeMail(data, templates, look),
    }));
    for (const { content } of mails) {
      for (const warning of content.warnings) io.stderr(`warning: ${warning}\n`);
    }
    return await output(mails, options, config, io);
  } catch (error) {
    if (error instanceof StartError) return reportErrors(io, error.errors);
    if (error instanceof DocumentError || error instanceof ClusterError) {
      return reportErrors(io, [error.message]);
    }
    throw error;
  }
}

/** Undefined where there is no file at the default path: the built-in templates need none. */
async function configOf(
  { config, isDefaultConfig }: PreviewOptions,
  io: CliIo,
): Promise<Config | undefined | "wrong"> {
  if (isDefaultConfig && !await exists(config)) return undefined;
  return await loadConfigOrReport(config, io) ?? "wrong";
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    // Another fault is one of a file that is there.
    return !(error instanceof Deno.errors.NotFound);
  }
}

async function templatesOf(config: Config | undefined, io: CliIo): Promise<Templates | undefined> {
  if (config !== undefined) return await loadTemplatesOrReport(config, io);
  const loaded = await loadTemplates(undefined);
  return loaded.ok ? loaded.templates : undefined;
}

/** The facts of each email, with a title. */
async function dataOf(
  options: PreviewOptions,
  config: Config | undefined,
): Promise<readonly (readonly [title: string, data: MailData])[]> {
  const { kind, request } = options;
  if (request !== undefined) {
    return (await requestData(request, config)).map((data) => [data.id, data]);
  }
  const goesToFiles = typeof options.html === "string" || options.eml !== undefined;
  const kinds = kind === "all" || (kind === undefined && goesToFiles)
    ? SAMPLE_KINDS
    : [kind ?? "new"] as const;
  return kinds.map((one) => [one, sampleOf(one)]);
}

async function output(
  mails: readonly PreviewedMail[],
  options: PreviewOptions,
  config: Config | undefined,
  io: CliIo,
): Promise<number> {
  const { html, eml } = options;
  try {
    if (typeof html === "string") {
      await Deno.writeTextFile(html, previewPage(mails));
      io.stdout(`${mails.length} emails in ${html}\n`);
    }
    if (eml !== undefined) {
      await writeMessages(mails, eml, config);
      io.stdout(`${mails.length} emails in ${eml}\n`);
    }
  } catch (error) {
    const path = typeof html === "string" ? html : eml;
    return reportErrors(io, [`Cannot write to '${path}': ${fileFault(error)}`]);
  }
  if (typeof html === "string" || eml !== undefined) return 0;
  const shown = mails.map(({ content: { subject, text, html: part } }) =>
    html ? part ?? "" : `Subject: ${subject}\n\n${text}\n`
  );
  io.stdout(shown.join("\n"));
  return 0;
}

async function writeMessages(
  mails: readonly PreviewedMail[],
  directory: string,
  config: Config | undefined,
): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  const from = config?.delivery.sender ?? { name: "Teleport", address: "teleport@example.com" };
  for (const { title, content: { subject, text, html } } of mails) {
    const raw = await rawMessage({
      messageId: `preview-${title}@example.com`,
      from,
      to: "reviewer@example.com",
      subject,
      date: new Date(),
      text,
      ...html !== undefined && { html },
    });
    await Deno.writeFile(join(directory, `${title}.eml`), raw);
  }
}
