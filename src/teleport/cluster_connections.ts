/** Makes connections to a cluster as configured. */

import { fileFault } from "../text.ts";
import { type Lookup, lookupAll } from "../net/dial.ts";
import type { Environment } from "../net/proxy_env.ts";
import { systemRoots } from "../net/system_roots.ts";
import type { Runtime } from "../runtime.ts";
import type { ChannelOptions } from "./grpc/channel.ts";
import { openConnection } from "./connection.ts";
import { Connections, type ConnectionsDeps } from "./connections.ts";
import type { CredentialStore } from "./credential_store.ts";
import { Dialer } from "./dial/dialer.ts";
import { type Address, formatAddress } from "../net/address.ts";
import { type ConnectionMethod } from "./dial/method.ts";
import { ClusterError } from "./errors.ts";
import { readText } from "../read_file.ts";

/** Time limit of one step of dialing. */
export const STEP_TIMEOUT_MS = 10_000;

/** Where the cluster is and how to log in to it. */
export interface ClusterConnectionsDeps extends Runtime {
  readonly address: Address;
  readonly via: ConnectionMethod | "auto";
  /** PEM file with the root CAs for a proxy's web certificate; undefined = the system's. */
  readonly webRootCas: string | undefined;
  readonly store: CredentialStore;
  readonly env: Environment;
  readonly onConnected?: ConnectionsDeps["onConnected"];
  readonly lookup?: Lookup;
  readonly stepTimeoutMs?: number;
  /** For tests. */
  readonly channel?: ChannelOptions;
}

/** Creates the connections of a cluster; nothing is dialed before the first call. */
export function clusterConnections(deps: ClusterConnectionsDeps): Connections {
  const { address, via, store, env, clock, random, log } = deps;
  const dialer = new Dialer({ via, clock });
  const connect = async (signal: AbortSignal) => {
    const credentials = await store.read(signal);
    try {
      const dialed = await dialer.dial({
        address,
        credentials,
        env,
        webRoots: () => readWebRoots(deps.webRootCas),
        lookup: deps.lookup ?? lookupAll,
        now: () => clock.now(),
        stepTimeoutMs: deps.stepTimeoutMs ?? STEP_TIMEOUT_MS,
      }, signal);
      const parts = { ...dialed, credentials, nowMs: clock.now() };
      return await openConnection(parts, signal, deps.channel);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      const message = `Cannot reach the cluster at '${formatAddress(address)}': ${error.message}`;
      throw new ClusterError(error.kind, message, { cause: error });
    }
  };
  const { onConnected } = deps;
  return new Connections({
    connect,
    clock,
    random,
    log,
    ...(onConnected === undefined ? {} : { onConnected }),
  });
}

/**
 * Root CAs for the proxy's web certificate, as PEM: from `teleport.web_root_cas`, or the system's.
 *
 * @throws {ClusterError} `credentials` when the file cannot be read or contains no certificate
 */
export async function readWebRoots(
  path: string | undefined,
): Promise<readonly string[] | undefined> {
  if (path === undefined) return systemRoots();
  let text: string;
  try {
    text = await readText(path);
  } catch (cause) {
    const message = `cannot read teleport.web_root_cas '${path}': ${fileFault(cause)}`;
    throw new ClusterError("credentials", message, { cause });
  }
  const pems = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (pems.length > 0) return pems;
  throw new ClusterError(
    "credentials",
    `teleport.web_root_cas '${path}' contains no PEM certificate`,
  );
}
