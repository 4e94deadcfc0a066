/** `teleport-email route`: the recipients of a request's emails, and why they are. */

import { systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import { requestersOf, routingPolicyOf } from "../daemon/routing_policy.ts";
import { fileError, reasonOf } from "../text.ts";
import { silentLog } from "../log.ts";
import { defined } from "../optional.ts";
import type { Notice } from "../routing/router.ts";
import { RuleRouter } from "../routing/rule_router.ts";
import { readRule, type Rule } from "../routing/rules/rule.ts";
import type { RoutingTrace } from "../routing/trace.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { TeleportClient } from "../teleport/client.ts";
import { ClusterError } from "../teleport/errors.ts";
import type { AccessMonitoringRule } from "../teleport/rules/rule.ts";
import { EXIT_CANNOT_RUN, EXIT_FAILURE, EXIT_OK } from "./exit_codes.ts";
import { type CliIo, complain } from "./io.ts";
import type { RouteOptions } from "./route/options.ts";
import { isWithoutConfig, loadPartsOrReport } from "./read_config.ts";
import { DocumentError, type Documents, readDocuments } from "./route/documents.ts";
import { explain } from "./route/explain.ts";
import { difference, type OtherRule, routeJson } from "./route/report.ts";
import { joined, lookups, madeAt, NO_DOCUMENTS, requestOfFlags } from "./route/subject.ts";
import { orReportErrors, withCluster } from "./with_cluster.ts";
import { readText } from "../read_file.ts";

/** The program's own words for rules that it cannot read. */
const NO_RULES =
  "access monitoring rules are not evaluated: give --rules FILE, or --cluster to ask the cluster";

/** The sections that decide the recipients. */
const PARTS = [
  "roleToRecipients",
  "requesterAddresses",
  "routing",
  "routes",
  "delivery",
] as const;
type RouteConfig = Pick<Config, typeof PARTS[number]>;

/** What holds without a configuration file: rules decide, or nothing does. */
const NO_CONFIG = `[smtp]
host = "localhost"
[delivery]
sender = "teleport@example.com"
[role_to_recipients]
"*" = "teleport@example.com"
`;

/** Explains the requests; returns the exit code, 1 when the recipients are not those expected. */
export async function route(options: RouteOptions, io: CliIo): Promise<number> {
  return await orReportErrors(io, async () => {
    const requestFile = await isFile(options.request) ? options.request : undefined;
    const documents = joined(
      requestFile === undefined ? NO_DOCUMENTS : await readFile(requestFile),
      options.rules === undefined ? NO_DOCUMENTS : await readFile(options.rules),
    );
    const needsCluster = options.cluster || options.pending ||
      (options.request !== undefined && requestFile === undefined);
    if (needsCluster) {
      const config = await loadPartsOrReport(options.config, [...PARTS, "teleport"], io);
      return config === undefined ? EXIT_CANNOT_RUN : await withCluster(
        config.teleport,
        ({ client }) => explainWith(options, config, documents, client, io),
      );
    }
    const config = documents.rules.length > 0 && await isWithoutConfig(options)
      ? await withoutConfig(options.config, io)
      : await loadPartsOrReport(options.config, PARTS, io);
    if (config === undefined) return EXIT_CANNOT_RUN;
    return await explainWith(options, config, documents, undefined, io);
  });
}

/** Rules alone: those of a file can be tried where no configuration is. */
async function withoutConfig(path: string, io: CliIo): Promise<RouteConfig> {
  complain(io, "note", `there is no '${path}': role_to_recipients counts as empty`);
  const result = await parseConfig(NO_CONFIG, path, {});
  if (!result.ok) throw new Error(result.errors.join("; "));
  return { ...result.config, roleToRecipients: new Map() };
}

/** `client` is undefined where no cluster is asked. */
async function explainWith(
  options: RouteOptions,
  config: RouteConfig,
  documents: Documents,
  client: TeleportClient | undefined,
  io: CliIo,
): Promise<number> {
  const { signal } = new AbortController();
  const policy = routingPolicyOf(config);
  const hasRules = options.rules !== undefined || documents.rules.length > 0;
  const { rules, others } = hasRules
    ? sorted(documents.rules)
    : sorted(client === undefined ? [] : await rulesOf(client, io));
  if (!hasRules && client === undefined) complain(io, "note", NO_RULES);
  const [clock, cluster] = [systemClock, lookups(options, documents, client)];
  const requesters = requestersOf(config, cluster, { clock, log: silentLog });
  const router = new RuleRouter(policy, {
    clock,
    rules: { current: () => Promise.resolve(rules) },
    cluster,
    ...defined({ requesters }),
  });
  const requests = await requestsOf(options, documents, client);
  const json: unknown[] = [];
  let code = EXIT_OK as number;
  for (const request of requests) {
    const { trace, notices } = await router.route(madeAt(request, options.at), signal);
    for (const notice of notices) complain(io, "warning", describe(notice));
    if (options.json) json.push(routeJson(request.id, trace, others));
    else io.stdout(textOf(request, trace, others, policy.roles, config));
    const differs = options.expect === undefined ? [] : difference(options.expect, trace);
    for (const line of differs) io.stderr(`${line}\n`);
    if (differs.length > 0) code = EXIT_FAILURE;
  }
  if (options.json) {
    const isOne = requests.length === 1 && !options.pending;
    io.stdout(`${JSON.stringify(isOne ? json[0] : json, undefined, 2)}\n`);
  }
  return code;
}

function textOf(
  { id }: AccessRequest,
  trace: RoutingTrace,
  others: readonly OtherRule[],
  roles: Parameters<typeof explain>[1],
  { delivery: { notifyRequester } }: RouteConfig,
): string {
  const requester =
    "The requester is notified, too, if their email address is known (delivery.notify_requester).";
  const lines = [
    ...id === "" ? [] : [`request ${id}`],
    ...others.map(({ name, why }) => `rule '${name}' is ignored: ${why}`),
    ...explain(trace, roles),
    ...notifyRequester ? [requester] : [],
  ];
  return `${lines.join("\n")}\n`;
}

/** The rules for this plugin in the order in which they are evaluated, and the others. */
function sorted(all: readonly AccessMonitoringRule[]): {
  readonly rules: readonly Rule[];
  readonly others: readonly OtherRule[];
} {
  const readings = [...all].sort((a, b) => a.name < b.name ? -1 : 1).map(readRule);
  return {
    rules: readings.flatMap((reading) => reading.applies ? [reading.rule] : []),
    others: readings.flatMap((reading) => reading.applies ? [] : [reading]),
  };
}

/** As for the daemon, a cluster without rules for us is one without rules. */
async function rulesOf(
  client: TeleportClient,
  io: CliIo,
): Promise<readonly AccessMonitoringRule[]> {
  try {
    return await client.listRules(new AbortController().signal);
  } catch (error) {
    const isFinal = error instanceof ClusterError &&
      (error.kind === "denied" || error.kind === "unsupported");
    if (!isFinal) throw error;
    const remedy = 'give its user the preset role "access-plugin"';
    complain(io, "warning", `${error.message}: the daemon does not use rules either; ${remedy}`);
    return [];
  }
}

async function requestsOf(
  options: RouteOptions,
  documents: Documents,
  client: TeleportClient | undefined,
): Promise<readonly AccessRequest[]> {
  const { request: id, pending } = options;
  if (client !== undefined && (pending || (id !== undefined && !await isFile(id)))) {
    const all = await client.listRequests(new AbortController().signal) ?? [];
    if (pending) return all.filter(({ state }) => state === "PENDING");
    const found = all.find((request) => request.id === id);
    if (found !== undefined) return [found];
    throw new DocumentError(`there is no access request '${id}': it may be over, or be a file`);
  }
  if (id === undefined) return [requestOfFlags(options, systemClock.now())];
  if (documents.requests.length > 0) return documents.requests;
  throw new DocumentError(`${id}: no document of kind access_request`);
}

/** A path or `-`; what is neither is the id of a request. */
async function isFile(request: string | undefined): Promise<boolean> {
  if (request === undefined) return false;
  if (request === "-" || /[/\\]|\.(ya?ml|json)$/i.test(request)) return true;
  try {
    return (await Deno.stat(request)).isFile;
  } catch {
    return false;
  }
}

async function readFile(path: string): Promise<Documents> {
  if (path === "-") {
    return readDocuments(await new Response(Deno.stdin.readable).text(), "standard input");
  }
  try {
    return readDocuments(await readText(path), path);
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    throw new DocumentError(fileError("open", path, error));
  }
}

function describe({ message, fields }: Notice): string {
  const details = Object.entries(fields).map(([key, value]) => `${key}: ${reasonOf(value)}`);
  return details.length === 0 ? message : `${message} (${details.join(", ")})`;
}
