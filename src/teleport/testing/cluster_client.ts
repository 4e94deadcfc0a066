/** A client over real connections, for tests against the simulator. */

import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../clock.ts";
import type { Log } from "../../log.ts";
import { type Lookup, lookupAll } from "../../net/dial.ts";
import type { Environment } from "../../net/proxy_env.ts";
import type { ChannelOptions } from "../grpc/channel.ts";
import { TeleportClient } from "../client.ts";
import { clusterConnections } from "../cluster_connections.ts";
import type { Connections } from "../connections.ts";
import { CredentialStore } from "../credential_store.ts";
import { loadCredentials } from "../credentials.ts";
import { parseAddress } from "../../net/address.ts";
import { type ConnectionMethod } from "../dial/method.ts";

/** Where the cluster is and which identity to use. */
export interface ClientOptions {
  readonly address: string;
  readonly identity: string;
  readonly via?: ConnectionMethod | "auto";
  readonly webRootCas?: string;
  readonly env?: Environment;
  readonly stepTimeoutMs?: number;
  readonly lookup?: Lookup;
  readonly channel?: ChannelOptions;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** A client with its connections and its log. */
export interface ConnectedClient extends Disposable {
  readonly client: TeleportClient;
  readonly connections: Connections;
  /** The log, as `level message`. */
  readonly lines: readonly string[];
}

/** Creates a client; it connects with its first call. */
export function connectClient(options: ClientOptions): ConnectedClient {
  const lines: string[] = [];
  const say = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const log: Log = {
    trace: say("trace"),
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
  };
  const deps = { clock: options.clock ?? systemClock, random: Math.random, log };
  const load = () => loadCredentials({ kind: "identity", path: options.identity }, Date.now());
  const connections = clusterConnections({
    ...deps,
    address: parseAddress(options.address, 3025) ?? assert.fail(options.address),
    via: options.via ?? "auto",
    webRootCas: options.webRootCas,
    store: new CredentialStore({ ...deps, load }),
    env: options.env ?? {},
    lookup: options.lookup ?? lookupAll,
    stepTimeoutMs: options.stepTimeoutMs ?? 10_000,
    channel: options.channel ?? {},
  });
  return {
    client: new TeleportClient(options.address, connections, deps),
    connections,
    lines,
    [Symbol.dispose]: () => connections[Symbol.dispose](),
  };
}
