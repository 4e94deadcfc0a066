/** `teleport-email preview`: emails as the templates make them, of samples or of a real request. */

import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { fileFault } from "../text.ts";
import { composeMail } from "../mail/content/compose.ts";
import type { MailData } from "../mail/content/mail_data.ts";
import { DEFAULT_LOOK } from "../mail/content/scope.ts";
import { rawMessage } from "../mail/smtp/message/raw_message.ts";
import { EXIT_CANNOT_RUN, EXIT_OK } from "./exit_codes.ts";
import { type CliIo, complain, type ConfigOptions, reportErrors } from "./io.ts";
import { SAMPLE_KINDS, type SampleKind } from "./sample_kinds.ts";
import { type PreviewedMail, previewPage } from "./preview/page.ts";
import { requestData } from "./preview/request.ts";
import { isWithoutConfig, loadPartsOrReport, loadTemplatesOrReport } from "./read_config.ts";
import { orReportErrors } from "./with_cluster.ts";
import { sampleOf } from "./samples.ts";

/** What the command takes from the command line. */
export interface PreviewOptions extends ConfigOptions {
  /** Absent = `new` on the terminal, every kind in files. */
  readonly kind?: SampleKind | "all";
  /** `true`: the HTML part alone; a path: a page with all emails side by side. */
  readonly html: boolean | string;
  /** A directory for messages as they would be sent. */
  readonly eml?: string;
  /** Id of a request of the cluster, or the path of a file. */
  readonly request?: string;
}

/** The sections that make an email. */
type PreviewConfig = Pick<Config, "templates" | "delivery"> & Partial<Pick<Config, "teleport">>;

/** Prints or writes the emails; returns the exit code. */
export async function preview(options: PreviewOptions, io: CliIo): Promise<number> {
  const isAlone = await isWithoutConfig(options);
  const config = isAlone ? undefined : await configOf(options, io);
  if (isAlone) {
    complain(io, "note", `there is no '${options.config}': the built-in templates are used`);
  } else if (config === undefined) return EXIT_CANNOT_RUN;
  const templates = await loadTemplatesOrReport(config ?? { templates: {} }, io);
  if (templates === undefined) return EXIT_CANNOT_RUN;
  return await orReportErrors(io, async () => {
    const named = await dataOf(options, config);
    const { html, details, actions, timeZone } = config?.delivery ?? DEFAULT_LOOK;
    // Pages and the HTML part alone are asked for, whatever the configuration says.
    const look = { html: options.html !== false || html, details, actions, timeZone };
    const mails = named.map(([title, data]) => ({
      title,
      content: composeMail(data, templates, look),
    }));
    for (const { content } of mails) {
      for (const warning of content.warnings) complain(io, "warning", warning);
    }
    return await output(mails, options, config, io);
  });
}

/** Undefined, and reported, if a section that is needed has an error. */
async function configOf(
  { config: path, request }: PreviewOptions,
  io: CliIo,
): Promise<PreviewConfig | undefined> {
  const needed = ["templates", "delivery"] as const;
  return request === undefined || await isPresent(request)
    ? await loadPartsOrReport(path, needed, io)
    : await loadPartsOrReport(path, [...needed, "teleport"], io);
}

async function isPresent(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** The facts of each email, with a title. */
async function dataOf(
  options: PreviewOptions,
  config: PreviewConfig | undefined,
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
  config: PreviewConfig | undefined,
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
  if (typeof html === "string" || eml !== undefined) return EXIT_OK;
  const shown = mails.map(({ content: { subject, text, html: part } }) =>
    html ? part ?? "" : `Subject: ${subject}\n\n${text}\n`
  );
  io.stdout(shown.join("\n"));
  return EXIT_OK;
}

async function writeMessages(
  mails: readonly PreviewedMail[],
  directory: string,
  config: PreviewConfig | undefined,
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
