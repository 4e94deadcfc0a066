/** The cluster as the configuration describes it: credentials, connections, calls, renewal. */

import { boundedRead } from "../net/bounded_read.ts";
import { aborted } from "../abort.ts";
import type { TeleportConfig } from "../config/config.ts";
import type { Environment } from "../net/proxy_env.ts";
import type { Runtime } from "../runtime.ts";
import { type ServerInfo, TeleportClient } from "../teleport/client.ts";
import { clusterConnections } from "../teleport/cluster_connections.ts";
import type { Connections, ConnectionsDeps } from "../teleport/connections.ts";
import { CredentialStore, describe } from "../teleport/credential_store.ts";
import { loadCredentials } from "../teleport/credentials.ts";
import { parseAddress } from "../net/address.ts";
import { ClusterError } from "../teleport/errors.ts";
import { watchFile } from "../teleport/file_watch.ts";
import { EXPIRE_SOON, renewCredentials } from "../teleport/renewal.ts";
import { DEFAULT_PORT, refuseUselessProxy } from "./preflight.ts";
import { StartError } from "./start_error.ts";

export interface ClusterDeps extends Runtime {
  readonly env: Environment;
  readonly onConnected?: ConnectionsDeps["onConnected"];
}

export interface ClusterAccess extends AsyncDisposable {
  readonly client: TeleportClient;
  /** The server's answer to Ping; undefined before the first one. */
  server: ServerInfo | undefined;
  readonly connections: Connections;
  readonly store: CredentialStore;
  /**
   * Reads the credential files now, and opens a new connection if they have changed.
   *
   * @throws {ClusterError} when the new connection fails; the old one stays in use
   */
  reread(signal: AbortSignal): Promise<void>;
}

const HOUR_MS = 3_600_000;

/**
 * Reads the credentials and watches their files for renewal; connects with the first call.
 *
 * @throws {StartError | ClusterError} when credentials are missing or invalid
 */
export async function openCluster(
  config: TeleportConfig,
  deps: ClusterDeps,
  signal: AbortSignal,
): Promise<ClusterAccess> {
  const { addr, credentials: source, refreshIdentity: refresh } = config;
  const { clock, random, log, env, onConnected } = deps;
  if (source.kind === "none") throw new StartError([source.error]);
  const address = parseAddress(addr, DEFAULT_PORT);
  if (address === undefined) throw new StartError([`cannot use '${addr}' as an address`]);
  refuseUselessProxy(addr, env);
  const store = new CredentialStore({
    load: boundedRead(
      () => loadCredentials(source, clock.now()),
      (afterS) =>
        new ClusterError("credentials", `the credentials cannot be read: no end after ${afterS} s`),
    ),
    clock,
    log,
  });
  const credentials = await store.read(signal);
  log.info("Credentials are valid", describe(credentials));
  if (!refresh && credentials.notAfterMs - clock.now() < HOUR_MS) {
    log.warn(EXPIRE_SOON, describe(credentials));
  }
  const { via, webRootCas } = config;
  const connections = clusterConnections({
    clock,
    random,
    log,
    env,
    address,
    via,
    webRootCas,
    store,
    ...(onConnected === undefined ? {} : { onConnected }),
  });
  const closed = new AbortController();
  const renewing = renewCredentials({
    clock,
    log,
    store,
    connections,
    refresh,
    intervalMs: config.refreshIdentityIntervalMs,
    changed: refresh && source.kind === "identity" ? watchFile(source.path, log) : aborted,
  }, closed.signal);
  return {
    client: new TeleportClient(addr, connections, { clock, random, log }),
    server: undefined,
    connections,
    store,
    reread: async (signal) => {
      const fresh = await store.read(signal);
      const used = connections.current?.credentials;
      if (used !== undefined && used.certPem !== fresh.certPem) await connections.replace();
    },
    [Symbol.asyncDispose]: async () => {
      closed.abort();
      connections[Symbol.dispose]();
      await renewing;
    },
  };
}
