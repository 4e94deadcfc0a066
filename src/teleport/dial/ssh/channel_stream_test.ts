import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { startAuthServer } from "../../../../sim/auth/server.ts";
import { Cluster } from "../../../../sim/cluster/cluster.ts";
import { startSshTunnel } from "../../../../sim/proxy/ssh/server.ts";
import { ClusterError } from "../../errors.ts";
import { secureAuthConnection } from "../direct.ts";
import {
  CLUSTER,
  open,
  pki,
  sendThrough,
  someCredentials,
  startBench,
  startTcp,
  until,
} from "../testing/tunnel.ts";

const MEGABYTE = 1_000_000;
/** More than the windows and buffers on the way hold. */
const MUCH = 16 * MEGABYTE;

Deno.test("A tunnel carries 20 MB in both directions at once", async () => {
  await using bench = await startBench();
  const tunnel = await bench.open();
  const sent = randomBytes(20 * MEGABYTE);
  assert.ok((await sendThrough(tunnel, sent)).equals(sent));
  tunnel.destroy();
});

/** Writes as fast as the stream takes it, and ends it. */
function pour(stream: Writable): { bytes: number } {
  const poured = { bytes: 0 };
  const chunk = Buffer.alloc(100_000, "x");
  const step = () => {
    while (poured.bytes < MUCH) {
      poured.bytes += chunk.length;
      if (!stream.write(chunk)) return void stream.once("drain", step);
    }
    stream.end();
  };
  step();
  return poured;
}

/** Resolves when the pouring has come to rest before it was over. */
async function standsStill(poured: { readonly bytes: number }): Promise<void> {
  let [last, rounds] = [0, 0];
  await until(() => {
    rounds = poured.bytes === last && last > 0 ? rounds + 1 : 0;
    last = poured.bytes;
    return rounds === 50;
  }, "the traffic stands still");
  assert.ok(last < MUCH, `${last} bytes were taken`);
}

Deno.test("A tunnel sends no more than the other end reads", async () => {
  const accepted = Promise.withResolvers<Socket>();
  await using sink = await startTcp((socket) => accepted.resolve(socket.pause()));
  await using server = await startSshTunnel(pki, sink.address);
  const tunnel = await open(server.port, await someCredentials());
  const poured = pour(tunnel);
  const socket = await accepted.promise;
  await standsStill(poured);
  let arrived = 0;
  socket.on("data", (data) => arrived += data.length).resume();
  await once(socket, "end");
  assert.equal(arrived, MUCH);
  tunnel.destroy();
});

Deno.test("A tunnel receives no more than is read from it", async () => {
  const accepted = Promise.withResolvers<Socket>();
  await using source = await startTcp((socket) => accepted.resolve(socket));
  await using server = await startSshTunnel(pki, source.address);
  const tunnel = await open(server.port, await someCredentials());
  await standsStill(pour(await accepted.promise));
  let arrived = 0;
  for await (const data of tunnel) arrived += data.length;
  assert.equal(arrived, MUCH);
});

Deno.test("A tunnel ends when the other end does", async () => {
  await using greeter = await startTcp((socket) => void socket.end("bye"));
  await using server = await startSshTunnel(pki, greeter.address);
  const tunnel = await open(server.port, await someCredentials());
  let heard = "";
  for await (const data of tunnel) heard += data;
  assert.equal(heard, "bye");
  await until(() => server.connections === 0, "the SSH connection is closed");
});

Deno.test("A tunnel that breaks in the middle of traffic ends with an error", async () => {
  await using bench = await startBench();
  const tunnel = await bench.open();
  tunnel.on("data", () => {}).write(Buffer.alloc(5 * MEGABYTE));
  await once(tunnel, "data");
  bench.server.breakConnections();
  const [error] = await once(tunnel, "error");
  assert.ok(error instanceof ClusterError);
  assert.equal(error.kind, "unavailable");
  assert.match(error.message, /^the (proxy closed the SSH connection|SSH connection broke: )/);
  await until(() => bench.echo.connections === 0, "the other end is closed");
});

Deno.test("A tunnel that breaks without a listener does not end the program", async () => {
  await using bench = await startBench();
  const tunnel = await bench.open();
  bench.server.breakConnections();
  await until(() => tunnel.destroyed, "the tunnel is closed");
  assert.equal(tunnel.readable, false);
});

Deno.test("The stream inside a broken tunnel is closed", async () => {
  await using auth = await startAuthServer(new Cluster(CLUSTER), pki);
  await using server = await startSshTunnel(pki, auth.address);
  const credentials = await someCredentials();
  const tunnel = await open(server.port, credentials);
  const socket = await secureAuthConnection(tunnel, credentials, 5000);
  server.breakConnections();
  await assert.rejects(once(socket, "close"), ClusterError);
  await until(() => socket.destroyed && tunnel.destroyed, "both are closed");
});
