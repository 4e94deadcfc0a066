/** What this program relies on of grpc-js' insides; to be run before another version is pinned. */

import assert from "node:assert/strict";
import type * as grpc from "@grpc/grpc-js";
import type { Transport } from "@grpc/grpc-js/build/src/transport.js";
import type { Socket } from "node:net";
import { startAuthServer } from "../../../sim/auth/server.ts";
import { startCable } from "../../../sim/proxy/cable.ts";
import { Cluster } from "../../../sim/cluster/cluster.ts";
import { issueIdentity } from "../../../sim/pki/identity.ts";
import { createPki } from "../../../sim/pki/pki.ts";
import { RpcClient } from "../../../sim/testing/rpc_client.ts";
import { dial } from "../../../sim/proxy/splice.ts";
import { until } from "../../../sim/testing/test_clients.ts";
import { callUnary } from "./calls.ts";
import { transportOver } from "./connector.ts";
import { KEEPALIVE_TIME_MS, KEEPALIVE_TIMEOUT_MS, openChannel } from "./channel.ts";
import { secureAuthConnection } from "../dial/direct.ts";
import { AuthService } from "../generated/auth_pb.ts";
import { hasStatus } from "./error.ts";
import { someCredentials } from "../testing/fixtures.ts";

const CLUSTER = "sim.example.com";
const UNAVAILABLE = 14;

/** The session of a channel that is ready. */
async function transportOf(client: grpc.Client, stream: Socket): Promise<Transport> {
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(Date.now() + 5000, (error) => error ? reject(error) : resolve())
  );
  return transportOver(stream) ?? assert.fail("no session");
}

async function ping(transport: Transport, signal = new AbortController().signal): Promise<string> {
  const options = { timeoutMs: 5000, signal };
  return (await callUnary(transport, AuthService.method.ping, {}, options)).ClusterName;
}

Deno.test("openChannel() uses the stream that it is given, and never connects on its own", async () => {
  const pki = await createPki(CLUSTER);
  await using auth = await startAuthServer(new Cluster(CLUSTER), pki);
  await using cable = await startCable(auth.address);
  const identity = await issueIdentity(pki);
  const { keyPem, certPem, casPem } = identity;
  const credentials = someCredentials({ keyPem, certPem, caPems: [casPem], cluster: CLUSTER });
  const stream = await secureAuthConnection(dial(cable.address), credentials, 5000);
  const client = openChannel(stream);
  const transport = await transportOf(client, stream);
  assert.equal(await ping(transport), CLUSTER);
  assert.equal(await ping(transport), CLUSTER);
  assert.equal(cable.connections, 1);
  stream.destroy();
  for (let i = 0; i < 3; i++) {
    await assert.rejects(ping(transport), (error) => hasStatus(error, UNAVAILABLE));
  }
  await until(() => cable.connections === 0);
  client.close();
  // The changes to grpc-js hold for our channels only.
  using other = new RpcClient(cable.address, identity);
  assert.equal((await other.call("ping")).code, "OK");
});

Deno.test("A dead peer is detected within three minutes, by pings that no server punishes", () => {
  assert.ok(KEEPALIVE_TIME_MS >= 60_000);
  assert.ok(KEEPALIVE_TIME_MS + KEEPALIVE_TIMEOUT_MS <= 180_000);
});
