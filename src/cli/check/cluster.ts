/** The cluster: ways in, server, links, permissions. */

import { systemClock } from "../../clock.ts";
import type { TeleportConfig } from "../../config/config.ts";
import { readEnvironment } from "../../environment.ts";
import { silentLog } from "../../log.ts";
import { requestLink } from "../../teleport/request_link.ts";
import type { ServerInfo } from "../../teleport/client.ts";
import { parseAddress } from "../../net/address.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { DEFAULT_PORT, openCluster } from "../../daemon/cluster.ts";
import { connect } from "../../daemon/connect.ts";
import { StartError } from "../../daemon/start_error.ts";
import { checkCredentials } from "./credentials.ts";
import { type Finding, timed } from "./finding.ts";
import { checkPermissions } from "./permissions.ts";
import { checkRulePermissions, type LookupSettings } from "./rule_permissions.ts";
import { checkWays } from "./ways.ts";

/** `offline` looks at the credentials alone. */
export async function* checkCluster(
  config: TeleportConfig,
  offline: boolean,
  settings: LookupSettings,
): AsyncGenerator<Finding> {
  const { findings, credentials } = await checkCredentials(config, systemClock.now());
  yield* findings;
  if (offline) return;
  if (credentials === undefined) {
    const text = "not looked at, since there are no credentials to log in with";
    yield { check: "server", level: "skipped", text };
    return;
  }
  const address = parseAddress(config.addr, DEFAULT_PORT);
  const env = readEnvironment();
  if (address !== undefined) yield* await checkWays(address, credentials, config, env);
  const { signal } = new AbortController();
  const deps = { log: silentLog, clock: systemClock, random: Math.random, env };
  try {
    await using cluster = await openCluster(config, deps, signal);
    const { client, connections } = cluster;
    const { value: server, tookMs } = await timed(() =>
      connect(client, { ...deps, failFast: true }, signal)
    );
    if (server === undefined) throw new Error("nobody stops a check");
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
        const remedy = "correct teleport.addr: host:port of the auth server or of the proxy";
        yield { check: "server", level: "problem", text, remedy };
      }
    } else if (error instanceof ClusterError) {
      const text = error.message.replace(EACH_WAY, "$1; see each way above");
      yield { check: "server", level: "problem", text, remedy: REMEDIES[error.kind] };
    } else throw error;
  }
}

/** Where the causes of all ways follow, which have lines of their own here. */
const EACH_WAY =
  /(all connection methods failed(?: \(.*?\))?): (?:directly|by connection upgrade|by SSH tunnel): .*$/s;

const REMEDIES: Readonly<Record<ClusterError["kind"], string>> = {
  unavailable:
    "check host and port in teleport.addr (auth server 3025, proxy 443 or 3080), that the " +
    "server runs, and that no firewall stands between; see the ways above",
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
