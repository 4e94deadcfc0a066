/** The cluster: credentials, connection methods, server, links, permissions. */

import { systemClock } from "../../clock.ts";
import type { TeleportConfig } from "../../config/config.ts";
import { readEnvironment } from "../../environment.ts";
import { silentLog } from "../../log.ts";
import { requestLink } from "../../teleport/request_link.ts";
import type { ServerInfo } from "../../teleport/client.ts";
import { parseAddress } from "../../net/address.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { openCluster } from "../../daemon/cluster.ts";
import { DEFAULT_PORT } from "../../daemon/preflight.ts";
import { connect } from "../../daemon/connect.ts";
import { StartError } from "../../daemon/start_error.ts";
import { checkCredentials } from "./credentials.ts";
import { type Finding, timed } from "./finding.ts";
import { checkPermissions } from "./permissions.ts";
import { checkRulePermissions, type LookupSettings } from "./rule_permissions.ts";
import { checkMethods } from "./methods.ts";

/** Checks the cluster; `offline` checks the credentials alone. */
export async function* checkCluster(
  config: TeleportConfig,
  offline: boolean,
  settings: LookupSettings,
): AsyncGenerator<Finding> {
  const { findings, credentials } = await checkCredentials(config, systemClock.now());
  yield* findings;
  if (offline) return;
  if (credentials === undefined) {
    const text = "not tried: no usable credentials";
    yield { check: "server", level: "skipped", text };
    return;
  }
  const address = parseAddress(config.addr, DEFAULT_PORT);
  const env = readEnvironment();
  if (address !== undefined) yield* await checkMethods(address, credentials, config, env);
  const { signal } = new AbortController();
  const deps = { log: silentLog, clock: systemClock, random: Math.random, env };
  try {
    await using cluster = await openCluster(config, deps, signal);
    const { client, connections } = cluster;
    const { value: server, tookMs } = await timed(() =>
      connect(client, { ...deps, failFast: true }, signal)
    );
    if (server === undefined) throw new Error("the signal of a check is never aborted");
    const via = connections.current?.method ?? "direct";
    yield {
      check: "server",
      level: "ok",
      text: `Teleport ${server.version}, cluster '${server.clusterName}', via ${via}`,
      tookMs,
      details: { version: server.version, cluster: server.clusterName, via },
    };
    yield links(server);
    yield* await checkPermissions(client, credentials.subject);
    yield* await checkRulePermissions(client, settings);
  } catch (error) {
    if (error instanceof StartError) {
      for (const text of error.errors) {
        const remedy = text.includes("the proxy of ")
          ? PROXY_REMEDY
          : "correct teleport.addr: host:port of the auth server or of the proxy";
        yield { check: "server", level: "problem", text, remedy };
      }
    } else if (error instanceof ClusterError) {
      const text = error.message.replace(EACH_METHOD, "$1; see each connection method above");
      const remedy = error.message.includes("the HTTP proxy '")
        ? PROXY_REMEDY
        : REMEDIES[error.kind];
      yield { check: "server", level: "problem", text, remedy };
    } else throw error;
  }
}

const PROXY_REMEDY = "check the HTTP proxy in HTTPS_PROXY (else HTTP_PROXY), for the service in " +
  "/etc/default/teleport-email: http://host:port of a proxy that runs and may connect to the address; " +
  "NO_PROXY exempts addresses";

/** Where the causes of all methods follow, which have lines of their own here. */
const EACH_METHOD =
  /(all connection methods failed(?: \(.*?\))?): (?:directly|by connection upgrade|by SSH tunnel): .*$/s;

const REMEDIES: Readonly<Record<ClusterError["kind"], string>> = {
  unavailable:
    "check host and port in teleport.addr (auth server 3025, proxy 443 or 3080), that the " +
    "server runs, and that no firewall blocks the connection; see the connection methods above",
  denied: "give the user the preset role 'access-plugin', or one as in docs/install.md",
  credentials: "sign new credentials in the cluster that teleport.addr names; if the address is " +
    "another cluster's or a web server's, correct it; if a proxy's public certificate is private, " +
    "name its CA in teleport.web_root_cas",
  unsupported: "upgrade the Teleport server",
  "not-found": "report this as a bug of teleport-email",
  invalid: "report this as a bug of teleport-email",
  other: "try again, and look at the auth server's log",
};

function links(server: ServerInfo): Finding {
  const check = "links";
  if (!server.advancedAccessWorkflows) {
    const text = "none: this edition of Teleport has no page for a request";
    return { check, level: "ok", text, details: { base: "" } };
  }
  const result = requestLink(server.proxyPublicAddr, "");
  const remedy = "set proxy_service.public_addr in Teleport";
  if (!result.ok) return { check, level: "problem", text: result.error, remedy };
  if (result.link === undefined) {
    const text = "none: the cluster names no public address of its proxy";
    return { check, level: "warning", text, remedy };
  }
  return { check, level: "ok", text: `below ${result.link}`, details: { base: result.link } };
}
