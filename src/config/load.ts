/** A configuration file: read, parsed, and checked section by section. */

import { fileError } from "../text.ts";
import { defined } from "../optional.ts";
import type { Config, ConfigParts, LoadResult } from "./config.ts";
import { exposedFiles } from "./exposed_files.ts";
import { readAccessLists } from "./sections/access_lists.ts";
import { type Delivery, readDelivery } from "./sections/delivery.ts";
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
import { readBytes } from "../read_file.ts";

const TABLES = [
  "teleport",
  "mailgun",
  "smtp",
  "delivery",
  "role_to_recipients",
  "requester_addresses",
  "routing",
  "route",
  "access_lists",
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
    bytes = await readBytes(path);
  } catch (error) {
    const errors = [fileError("open", path, error)];
    return { ok: false, errors, warnings: [], parts: {}, isUnreadable: true };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, errors: [`${path}: invalid UTF-8`], warnings: [], parts: {} };
  }
  const result = await parseConfig(text, path, env);
  const warning = await exposedFiles(result.ok ? result.config : result.parts, path);
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
  if (!syntax.ok) {
    return { ok: false, errors: [`${name}: ${syntax.error}`], warnings: [], parts: {} };
  }
  const report = new Report();
  const context = { report, ...env };
  const folded = foldKeys(syntax.table, TABLES);
  for (const { used, ignored } of folded.doubles) report.warn(doubleKey(used, ignored));
  const table = (name: typeof TABLES[number]): unknown => folded.values.get(name);
  const orEmpty = (name: typeof TABLES[number]): unknown => table(name) ?? {};

  /** What `read` returns; undefined if it reported an error. */
  const part = async <T>(read: () => T | Promise<T>): Promise<T | undefined> => {
    const errorsBefore = report.errors.length;
    const value = await read();
    return report.errors.length === errorsBefore ? value : undefined;
  };

  const teleport = await part(() => readTeleport(orEmpty("teleport"), context));
  let delivery: Delivery | undefined;
  const wholeDelivery = await part(() => delivery = readDelivery(orEmpty("delivery"), context));
  const roleTable = table("role_to_recipients");
  const roleToRecipients = delivery?.recipientsAreWrong && roleTable === undefined
    ? undefined
    : readRecipients({ table: roleTable, deliveryRecipients: delivery?.recipients }, report);
  // A section counts as present as soon as its header is there.
  const hasMailgun = folded.values.has("mailgun");
  const hasSmtp = folded.values.has("smtp");
  if (!hasMailgun && !hasSmtp) {
    report.error("provide either [mailgun] or [smtp] sections to work with plugin");
  }
  const mailgun = hasMailgun ? await part(() => readMailgun(table("mailgun"), context)) : undefined;
  const smtp = hasSmtp ? await part(() => readSmtp(table("smtp"), context)) : undefined;
  if (hasMailgun && hasSmtp) {
    report.warn("both [mailgun] and [smtp] are present: [smtp] is used");
  }
  const requesterAddresses = await part(() =>
    readRequesterAddresses(orEmpty("requester_addresses"), report)
  );
  const routing = await part(() => readRouting(orEmpty("routing"), context));
  const routes = await part(() => readRoutes(table("route"), context));
  const accessLists = await part(() => readAccessLists(orEmpty("access_lists"), context));
  const templates = await part(() => readTemplates(orEmpty("templates"), context));
  const http = await part(() => readHttp(orEmpty("http"), context));
  const log = await part(() => readLog(orEmpty("log"), context));
  const unknown = folded.unknown.map((name) => [name, isTable(syntax.table[name])] as const);
  warnOfUnknownKeys({ known: TABLES, unknown: new Map(unknown) }, report);

  const mail = hasSmtp ? smtp : mailgun;
  const finished = await part(() => wholeDelivery?.finish(mail));
  const { errors, warnings } = report;
  const parts: ConfigParts = defined({
    teleport,
    mail,
    delivery: finished,
    roleToRecipients,
    requesterAddresses,
    routing,
    routes,
    accessLists,
    templates,
    http,
    log,
  });
  if (errors.length > 0 || !isComplete(parts)) {
    return { ok: false, errors, warnings, parts, fileErrors: report.fileErrors };
  }
  warnOfUnusedRequesterKeys(parts, report);
  return { ok: true, config: parts, warnings };
}

/** Every section without an error is there. */
function isComplete(parts: ConfigParts): parts is Config {
  const { teleport, mail, delivery, roleToRecipients, log } = parts;
  return [teleport, mail, delivery, roleToRecipients, log].every((part) => part !== undefined);
}

function warnOfUnusedRequesterKeys(
  { delivery, requesterAddresses, accessLists }: Pick<
    Config,
    "delivery" | "requesterAddresses" | "accessLists"
  >,
  report: Report,
): void {
  if (delivery.notifyRequester) return;
  const areUsersLookedUp = accessLists.remind || delivery.remindAfterMs.length > 0;
  const unused = [
    ...delivery.requesterTrait === undefined || areUsersLookedUp
      ? []
      : ["delivery.requester_trait"],
    ...delivery.warnBeforeAccessEndsMs === undefined ? [] : ["delivery.warn_before_access_ends"],
    ...requesterAddresses.size === 0 || areUsersLookedUp ? [] : ["requester_addresses"],
  ];
  for (const key of unused) report.warn(`${key} has no effect without delivery.notify_requester`);
}
