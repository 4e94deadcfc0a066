/** A simulated cluster with a client that dials it for real, for the tests of this folder. */

import assert from "node:assert/strict";
import { type AuthServer, startAuthServer } from "../../../sim/auth/server.ts";
import { Cluster } from "../../../sim/cluster/cluster.ts";
import { identityFileText, issueIdentity } from "../../../sim/pki/identity.ts";
import { createPki, type Pki } from "../../../sim/pki/pki.ts";
import type { Clock } from "../../clock.ts";
import type { TeleportClient } from "../client.ts";
import { ClusterError } from "../errors.ts";
import { connectClient } from "./cluster_client.ts";

export const CLUSTER = "sim.example.com";
export const pki: Pki = await createPki(CLUSTER);
/** A signal that is never aborted. */
export const never = new AbortController().signal;

type Client = TeleportClient & Disposable & { readonly lines: readonly string[] };

/** A client with the identity of that file. */
export function connect(address: string, identity: string, clock?: Clock): Client {
  const connected = connectClient({ address, identity, ...clock && { clock } });
  return Object.assign(connected.client, {
    lines: connected.lines,
    [Symbol.dispose]: () => connected[Symbol.dispose](),
  });
}

export interface Setting {
  readonly cluster: Cluster;
  readonly auth: AuthServer;
  readonly client: TeleportClient;
  readonly lines: readonly string[];
  readonly identity: string;
}

/** A cluster with an auth server, and a client that talks to it. */
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

/** The error of a call, which must fail. */
export async function errorOf(promise: Promise<unknown>): Promise<ClusterError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ClusterError, String(error));
    return error;
  }
  assert.fail("no error");
}
