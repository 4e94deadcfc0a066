/** A configuration file: read, parsed, and checked section by section. */

import { fileError } from "../text.ts";
import type { Config, LoadResult } from "./config.ts";
import { exposedFiles } from "./exposed_files.ts";
import { readDelivery } from "./sections/delivery.ts";
import { readHttp } from "./sections/http.ts";
import { foldKeys } from "./key_case.ts";
import { readLog } from "./sections/log.ts";
import { readMailgun } from "./sections/mailgun.ts";
import { readRecipients } from "./sections/recipients.ts";
import { readRoutes } from "./sections/route.ts";
import { readRouting } from "./sections/routing.ts";
import { readRequesterAddresses } from "./sections/requester_addresses.ts";
import { Report } from "./report.ts";
import { doubleKey, isTable } from "./section.ts";
import { readSmtp } from "./sections/smtp.ts";
import { parseToml } from "./syntax.ts";
import { readTeleport } from "./sections/teleport.ts";
import { readTemplates } from "./sections/templates.ts";
import { warnOfUnknownKeys } from "./unknown_keys.ts";

const TABLES = [
  "teleport",
  "mailgun",
  "smtp",
  "delivery",
  "role_to_recipients",
  "requester_addresses",
  "routing",
  "route",
  "templates",
  "http",
  "log",
] as const;

/** What a configuration takes from the process's environment. */
export interface LoadEnvironment {
  /** `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsDirectory?: string;
}

/** Reads and checks a file; nothing that the file can hold makes it throw. */
export async function loadConfig(path: string, env: LoadEnvironment): Promise<LoadResult> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    const errors = [fileError("open", path, error)];
    return { ok: false, errors, warnings: [], isUnreadable: true };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, errors: [`${path}: invalid UTF-8`], warnings: [] };
  }
  const result = await parseConfig(text, path, env);
  const warning = result.ok ? await exposedFiles(result.config, path) : undefined;
  return warning === undefined ? result : { ...result, warnings: [...result.warnings, warning] };
}

/**
 * Checks the text of the configuration file `name`; the only files it reads are those of secrets.
 * Nothing that the text can hold makes it throw.
 */
export async function parseConfig(
  text: string,
  name: string,
  env: LoadEnvironment,
): Promise<LoadResult> {
  const syntax = parseToml(text);
  if (!syntax.ok) return { ok: false, errors: [`${name}: ${syntax.error}`], warnings: [] };
  const report = new Report();
  const context = { report, ...env };
  const folded = foldKeys(syntax.table, TABLES);
  for (const { used, ignored } of folded.doubles) report.warn(doubleKey(used, ignored));
  const table = (name: typeof TABLES[number]): unknown => folded.values.get(name);
  const orEmpty = (name: typeof TABLES[number]): unknown => table(name) ?? {};

  const teleport = readTeleport(orEmpty("teleport"), context);
  const delivery = readDelivery(orEmpty("delivery"), context);
  const roleTable = table("role_to_recipients");
  const roleToRecipients = delivery.recipientsAreWrong && roleTable === undefined
    ? undefined
    : readRecipients({ table: roleTable, deliveryRecipients: delivery.recipients }, report);
  // A section counts as present as soon as its header is there.
  const hasMailgun = folded.values.has("mailgun");
  const hasSmtp = folded.values.has("smtp");
  if (!hasMailgun && !hasSmtp) {
    report.error("provide either [mailgun] or [smtp] sections to work with plugin");
  }
  const mailgun = hasMailgun ? await readMailgun(table("mailgun"), context) : undefined;
  const smtp = hasSmtp ? await readSmtp(table("smtp"), context) : undefined;
  if (hasMailgun && hasSmtp) {
    report.warn("both [mailgun] and [smtp] are present: [smtp] is used");
  }
  const requesterAddresses = readRequesterAddresses(orEmpty("requester_addresses"), report);
  const routing = readRouting(orEmpty("routing"), context);
  const routes = readRoutes(table("route"), context);
  const templates = readTemplates(orEmpty("templates"), context);
  const http = readHttp(orEmpty("http"), context);
  const log = readLog(orEmpty("log"), context);
  const unknown = folded.unknown.map((name) => [name, isTable(syntax.table[name])] as const);
  warnOfUnknownKeys({ known: TABLES, unknown: new Map(unknown) }, report);

  const mail = hasSmtp ? smtp : mailgun;
  const { errors, warnings } = report;
  if (
    errors.length > 0 || teleport === undefined || mail === undefined ||
    roleToRecipients === undefined || log === undefined
  ) {
    return { ok: false, errors, warnings, ...report.isOnlyFiles && { isOnlyFiles: true } };
  }
  const config = {
    teleport,
    mail,
    delivery: delivery.finish(mail),
    roleToRecipients,
    requesterAddresses,
    routing,
    routes,
    templates,
    http,
    log,
  };
  warnOfUnusedRequesterKeys(config, report);
  return { ok: true, config, warnings };
}

function warnOfUnusedRequesterKeys(
  { delivery, requesterAddresses }: Pick<Config, "delivery" | "requesterAddresses">,
  report: Report,
): void {
  if (delivery.notifyRequester) return;
  const unused = [
    ...delivery.requesterTrait === undefined ? [] : ["delivery.requester_trait"],
    ...delivery.warnBeforeAccessEndsMs === undefined ? [] : ["delivery.warn_before_access_ends"],
    ...requesterAddresses.size === 0 ? [] : ["requester_addresses"],
  ];
  for (const key of unused) report.warn(`${key} has no effect without delivery.notify_requester`);
}
