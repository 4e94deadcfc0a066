/** `teleport-email check`: everything that the daemon depends on, looked at without changing anything. */

import { formatAddress } from "../net/address.ts";
import type { Config, LoadResult } from "../config/config.ts";
import { routingPolicyOf } from "../daemon/routing_policy.ts";
import { loadTemplates } from "../mail/content/templates.ts";
import { checkCluster } from "./check/cluster.ts";
import type { Finding } from "./check/finding.ts";
import { countLevel, findingText, reportJson, summaryText, type Terminal } from "./check/report.ts";
import { checkHttp, checkLog } from "./check/local.ts";
import { checkServiceAccess } from "./check/service_access.ts";
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
  if (!loaded.ok && loaded.isUnreadable) return 2;
  return countLevel(findings, "problem") === 0 ? 0 : 1;
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

async function* look(path: string, loaded: LoadResult, offline: boolean): AsyncGenerator<Finding> {
  yield* configuration(path, loaded);
  const runtime = checkRuntime(Deno.version.deno);
  if (runtime !== undefined) yield { check: "runtime", level: "warning", text: runtime };
  if (!loaded.ok) return;
  const { config } = loaded;
  yield* checkServiceAccess(path, config);
  yield* templates(config);
  yield checkLog(config.log);
  if (!offline) yield await checkHttp(config.http);
  const { notifyRequester, requesterTrait } = config.delivery;
  yield* checkCluster(config.teleport, offline, {
    routes: routingPolicyOf(config).routes,
    requesterTrait: notifyRequester ? requesterTrait : undefined,
  });
  if (offline) {
    const text = "cluster and mail server are not asked (--offline)";
    yield { check: "server", level: "skipped", text };
  } else yield* mail(config);
}

function* configuration(path: string, loaded: LoadResult): Generator<Finding> {
  const check = "configuration";
  const remedy = loaded.ok || !loaded.isUnreadable
    ? "correct the file; 'teleport-email configure' prints a sample"
    : "check the path, and that the user who runs this command may read the file; 'teleport-email " +
      "configure > FILE' writes a first one";
  for (const text of loaded.warnings) yield { check, level: "warning", text };
  if (loaded.ok) yield { check, level: "ok", text: `'${path}' has no errors` };
  else for (const text of loaded.errors) yield { check, level: "problem", text, remedy };
}

async function* templates({ templates: { directory } }: Config): AsyncGenerator<Finding> {
  const check = "templates";
  const result = await loadTemplates(directory);
  const remedy = (text: string) =>
    text.startsWith("Cannot read")
      ? "check the path, and that the user who runs this program may read the file"
      : "correct the template, then look at it with 'teleport-email preview'";
  for (const text of result.warnings) yield { check, level: "warning", text };
  if (!result.ok) {
    for (const text of result.errors) yield { check, level: "problem", text, remedy: remedy(text) };
  } else {
    const own = Object.keys(result.templates.overrides);
    const text = own.length === 0 ? "built in" : `own: ${own.join(", ")}`;
    yield { check, level: "ok", text };
  }
}

/** Only the library that is needed is loaded. */
async function* mail({ mail: config, delivery }: Config): AsyncGenerator<Finding> {
  const { address } = delivery.sender;
  const check = "mail.settings";
  if (config.kind === "mailgun") {
    yield { check, level: "ok", text: `Mailgun, domain '${config.domain}', sender '${address}'` };
    yield await (await import("./check/mailgun.ts")).checkMailgun(config);
    return;
  }
  const encryption = config.implicitTls ? "implicit TLS" : `STARTTLS ${config.starttlsPolicy}`;
  yield {
    check,
    level: "ok",
    text: `SMTP server '${formatAddress(config)}', ${encryption}, sender '${address}'`,
  };
  yield* (await import("./check/smtp.ts")).checkSmtp(config, address);
}
