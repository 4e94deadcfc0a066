/** `teleport-email check`: checks everything that the daemon depends on, and changes nothing. */

import { formatAddress } from "../net/address.ts";
import type { Config, ConfigParts, LoadResult } from "../config/config.ts";
import { routingPolicyOf } from "../daemon/routing_policy.ts";
import { defined } from "../optional.ts";
import { checkCluster } from "./check/cluster.ts";
import { checkFiles, FILE_REMEDY } from "./check/files.ts";
import type { Finding } from "./check/finding.ts";
import { countLevel, findingText, reportJson, summaryText, type Terminal } from "./check/report.ts";
import { checkHttp, checkLog } from "./check/local.ts";
import type { LookupSettings } from "./check/rule_permissions.ts";
import { checkSampleValues } from "./check/sample_values.ts";
import { checkServiceAccess } from "./check/service_access.ts";
import { checkTemplates } from "./check/templates.ts";
import { EXIT_CANNOT_RUN, EXIT_FAILURE, EXIT_OK } from "./exit_codes.ts";
import type { CliIo, ConfigOptions } from "./io.ts";
import { readConfig } from "./read_config.ts";
import { checkRuntime } from "./runtime.ts";

/** What the command takes from the command line. */
export interface CheckOptions extends ConfigOptions {
  readonly offline: boolean;
  readonly json: boolean;
}

/** Prints the findings as they come, or all as JSON; returns the exit code. */
export async function check(options: CheckOptions, io: CliIo): Promise<number> {
  const { config: path, json } = options;
  const terminal = describeTerminal();
  const loaded = await readConfig(path);
  const findings: Finding[] = [];
  for await (const finding of look(path, loaded, options.offline)) {
    findings.push(finding);
    if (!json) io.stdout(findingText(finding, terminal));
  }
  io.stdout(json ? reportJson(findings) : summaryText(findings));
  if (!loaded.ok && loaded.isUnreadable) return EXIT_CANNOT_RUN;
  return countLevel(findings, "problem") === 0 ? EXIT_OK : EXIT_FAILURE;
}

function describeTerminal(): Terminal {
  if (!Deno.stdout.isTerminal()) return { color: false };
  const color = (Deno.env.get("NO_COLOR") ?? "") === "";
  try {
    return { color, width: Deno.consoleSize().columns };
  } catch {
    return { color };
  }
}

/** A section with an error is left out; everything else is checked all the same. */
async function* look(path: string, loaded: LoadResult, offline: boolean): AsyncGenerator<Finding> {
  yield* configuration(path, loaded);
  const runtime = checkRuntime(Deno.version.deno);
  if (runtime !== undefined) yield { check: "runtime", level: "warning", text: runtime };
  const parts: ConfigParts = loaded.ok ? loaded.config : loaded.parts;
  const { teleport, mail, delivery, templates, http, log } = parts;
  yield* checkSampleValues(parts);
  yield* checkServiceAccess(path, parts);
  if (templates !== undefined) yield* checkTemplates(templates.directory, delivery);
  if (log !== undefined) yield checkLog(log);
  if (!offline && http !== undefined) yield await checkHttp(http);
  const files = await Array.fromAsync(checkFiles(parts));
  yield* files;
  if (teleport !== undefined) yield* checkCluster(teleport, offline, lookupsOf(parts));
  if (offline) {
    const text = "cluster and mail server are not asked (--offline)";
    yield { check: "server", level: "skipped", text };
  }
  if (mail === undefined) return;
  yield mailSettings(mail, delivery?.sender.address);
  if (offline || delivery === undefined) return;
  if (files.some(({ text }) => text.includes(`${mail.kind}.`))) {
    const text = "not tried: a file cannot be read, see above";
    yield { check: "mail.connect", level: "skipped", text };
  } else yield* askMailServer(mail, delivery.sender.address);
}

function* configuration(path: string, loaded: LoadResult): Generator<Finding> {
  const check = "configuration";
  for (const text of loaded.warnings) yield { check, level: "warning", text };
  if (loaded.ok) return yield { check, level: "ok", text: `'${path}' has no errors` };
  const { errors, fileErrors = [], isUnreadable } = loaded;
  for (const [index, text] of errors.entries()) {
    const isLast = index === errors.length - 1;
    const remedy = isUnreadable
      ? "name the file with --config, and check that the user who runs this command may read it; " +
        "'teleport-email configure > FILE' writes a first one"
      : fileErrors.includes(text)
      ? FILE_REMEDY
      : isLast
      ? "correct the file; 'teleport-email configure' prints a sample"
      : undefined;
    yield { check, level: "problem", text, ...defined({ remedy }) };
  }
}

function lookupsOf(
  { roleToRecipients, routes, routing, delivery, accessLists }: ConfigParts,
): LookupSettings {
  const remindsOwners = accessLists?.remind ?? false;
  const looksUpUsers = delivery?.notifyRequester || remindsOwners ||
    (delivery?.remindAfterMs.length ?? 0) > 0;
  const isWhole = roleToRecipients && routes && routing && delivery;
  return {
    routes: isWhole ? routingPolicyOf({ roleToRecipients, routes, routing, delivery }).routes : [],
    requesterTrait: looksUpUsers ? delivery?.requesterTrait : undefined,
    accessLists: remindsOwners,
  };
}

function mailSettings(config: Config["mail"], sender: string | undefined): Finding {
  const check = "mail.settings";
  const from = sender === undefined ? "" : `, sender '${sender}'`;
  if (config.kind === "mailgun") {
    return { check, level: "ok", text: `Mailgun, domain '${config.domain}'${from}` };
  }
  const encryption = config.implicitTls ? "implicit TLS" : `STARTTLS ${config.starttlsPolicy}`;
  const text = `SMTP server '${formatAddress(config)}', ${encryption}${from}`;
  return { check, level: "ok", text };
}

/** Only the library that is needed is loaded. */
async function* askMailServer(config: Config["mail"], sender: string): AsyncGenerator<Finding> {
  if (config.kind === "smtp") {
    yield* (await import("./check/smtp.ts")).checkSmtp(config, sender);
  } else yield await (await import("./check/mailgun.ts")).checkMailgun(config);
}
