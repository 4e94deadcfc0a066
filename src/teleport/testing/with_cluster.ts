/** A simulated cluster with a client over real connections, for tests. */

import assert from "node:assert/strict";
import { type AuthServer, startAuthServer } from "../../../sim/auth/server.ts";
import { Cluster } from "../../../sim/cluster/cluster.ts";
import { identityFileText, issueIdentity } from "../../../sim/pki/identity.ts";
import { createPki, type Pki } from "../../../sim/pki/pki.ts";
import type { Clock } from "../../clock.ts";
import type { TeleportClient } from "../client.ts";
import { ClusterError } from "../errors.ts";
import { connectClient } from "./cluster_client.ts";

/** The name of the simulated cluster. */
export const CLUSTER = "sim.example.com";
/** Its CAs. */
export const pki: Pki = await createPki(CLUSTER);
/** A signal that is never aborted. */
export const never = new AbortController().signal;

type Client = TeleportClient & Disposable & { readonly lines: readonly string[] };

/** Creates a client with the identity of a file. */
export function connect(address: string, identity: string, clock?: Clock): Client {
  const connected = connectClient({ address, identity, ...clock && { clock } });
  return Object.assign(connected.client, {
    lines: connected.lines,
    [Symbol.dispose]: () => connected[Symbol.dispose](),
  });
}

/** A running cluster with a client. */
export interface Setting {
  readonly cluster: Cluster;
  readonly auth: AuthServer;
  readonly client: TeleportClient;
  readonly lines: readonly string[];
  readonly identity: string;
}

/** Runs a test with a cluster, its auth server and a client. */
export async function withCluster(
  test: (setting: Setting) => Promise<void>,
  clock?: Clock,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const identity = `${dir}/identity`;
    await Deno.writeTextFile(identity, identityFileText(await issueIdentity(pki)));
    const cluster = new Cluster(CLUSTER);
    await using auth = await startAuthServer(cluster, pki);
    using client = connect(auth.address, identity, clock);
    await test({ cluster, auth, client, lines: client.lines, identity });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The error of a call; fails when the call succeeds. */
export async function errorOf(promise: Promise<unknown>): Promise<ClusterError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ClusterError, String(error));
    return error;
  }
  assert.fail("no error");
}
