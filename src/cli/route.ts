/** `teleport-email route`: who would be mailed about a request, and why. */

import { systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { openCluster } from "../daemon/cluster.ts";
import { connect } from "../daemon/connect.ts";
import { requestersOf, routingPolicyOf } from "../daemon/routing_policy.ts";
import { StartError } from "../daemon/start_error.ts";
import { readEnvironment } from "../environment.ts";
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
import type { CliIo } from "./io.ts";
import type { RouteOptions } from "./route/options.ts";
import { loadConfigOrReport, reportErrors } from "./read_config.ts";
import { DocumentError, type Documents, readDocuments } from "./route/documents.ts";
import { explain } from "./route/explain.ts";
import { difference, type OtherRule, routeJson } from "./route/report.ts";
import { joined, lookups, madeAt, NO_DOCUMENTS, requestOfFlags } from "./route/subject.ts";

/** The program's own words for rules that it cannot read. */
const NO_RULES =
  "access monitoring rules are not looked at: give --rules FILE, or --cluster to ask the cluster";

/** Explains the requests; returns the exit code, 1 when the recipients are not those expected. */
export async function route(options: RouteOptions, io: CliIo): Promise<number> {
  const config = await loadConfigOrReport(options.config, io);
  if (config === undefined) return 2;
  try {
    return await explainAll(options, config, io);
  } catch (error) {
    if (error instanceof StartError) return reportErrors(io, error.errors);
    if (error instanceof DocumentError || error instanceof ClusterError) {
      return reportErrors(io, [error.message]);
    }
    throw error;
  }
}

async function explainAll(options: RouteOptions, config: Config, io: CliIo): Promise<number> {
  const requestFile = await isFile(options.request) ? options.request : undefined;
  const documents = joined(
    requestFile === undefined ? NO_DOCUMENTS : await readFile(requestFile),
    options.rules === undefined ? NO_DOCUMENTS : await readFile(options.rules),
  );
  const needsCluster = options.cluster || options.pending ||
    (options.request !== undefined && requestFile === undefined);
  if (!needsCluster) return await explainWith(options, config, documents, undefined, io);
  const deps = {
    log: silentLog,
    clock: systemClock,
    random: Math.random,
    env: readEnvironment(),
  };
  const { signal } = new AbortController();
  await using cluster = await openCluster(config.teleport, deps, signal);
  await connect(cluster.client, { ...deps, failFast: true }, signal);
  return await explainWith(options, config, documents, cluster.client, io);
}

/** `client` is undefined where no cluster is asked. */
async function explainWith(
  options: RouteOptions,
  config: Config,
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
  if (!hasRules && client === undefined) io.stderr(`note: ${NO_RULES}\n`);
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
  let code = 0;
  for (const request of requests) {
    const { trace, notices } = await router.route(madeAt(request, options.at), signal);
    for (const notice of notices) io.stderr(`warning: ${describe(notice)}\n`);
    if (options.json) json.push(routeJson(request.id, trace, others));
    else io.stdout(textOf(request, trace, others, policy.roles, config));
    const differs = options.expect === undefined ? [] : difference(options.expect, trace);
    for (const line of differs) io.stderr(`${line}\n`);
    if (differs.length > 0) code = 1;
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
  { delivery: { notifyRequester } }: Config,
): string {
  const requester =
    "The requester is mailed, too, if their email address is known (delivery.notify_requester).";
  const lines = [
    ...id === "" ? [] : [`request ${id}`],
    ...others.map(({ name, why }) => `rule '${name}' does not count: ${why}`),
    ...explain(trace, roles),
    ...notifyRequester ? [requester] : [],
  ];
  return `${lines.join("\n")}\n`;
}

/** The rules for this plugin in the order in which they are looked at, and the others. */
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
    io.stderr(
      `warning: ${error.message}: the daemon does not use rules either; give its user the preset ` +
        'role "access-plugin"\n',
    );
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
    return readDocuments(await Deno.readTextFile(path), path);
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    throw new DocumentError(fileError("open", path, error));
  }
}

function describe({ message, fields }: Notice): string {
  const details = Object.entries(fields).map(([key, value]) => `${key}: ${reasonOf(value)}`);
  return details.length === 0 ? message : `${message} (${details.join(", ")})`;
}
