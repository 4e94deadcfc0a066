import assert from "node:assert/strict";
import { startAuthServer } from "../auth/server.ts";
import { Cluster } from "../cluster/cluster.ts";
import { streamOf } from "./connection_upgrade.ts";
import { createPki } from "../pki/pki.ts";
import { startProxy } from "./proxy.ts";
import { close, connectAuth, connectWeb, ending, until, upgrade } from "../testing/test_clients.ts";

async function startEnv() {
  await using stack = new AsyncDisposableStack();
  const pki = await createPki("sim.example.com");
  const auth = stack.use(await startAuthServer(new Cluster(), pki));
  const proxy = stack.use(await startProxy(pki, auth.address));
  const owned = stack.move();
  return {
    pki,
    proxy,
    upgrade: async (...protocols: string[]) =>
      await upgrade(await connectWeb(pki, proxy.port, ["http/1.1"]), protocols),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("ConnectionUpgrade carries a connection to the auth server", async () => {
  await using env = await startEnv();
  const inner = streamOf(await env.upgrade("alpn-ping", "alpn"));
  const socket = await connectAuth(env.pki, inner);
  assert.equal(socket.alpnProtocol, "h2");
  assert.equal(socket.authorized, true);
  await Promise.all([ending(inner), close(socket)]);
  assert.deepEqual([...env.proxy.routes], [["web", 1], ["auth", 1]]);
  assert.deepEqual([...env.proxy.upgrade.accepted], [["alpn-ping", 1]]);
});

Deno.test("ConnectionUpgrade ends the WebSocket of a connection without a destination", async () => {
  await using env = await startEnv();
  const inner = streamOf(await env.upgrade("alpn"));
  const ended = ending(inner);
  inner.write("SSH-2.0-Go\r\n");
  await ended;
  assert.deepEqual([...env.proxy.routes], [["web", 1], ["not TLS", 1]]);
});

Deno.test("ConnectionUpgrade pings alpn-ping connections and counts the answers", async () => {
  await using env = await startEnv();
  env.proxy.upgrade.pingIntervalMs = 5;
  const quiet = streamOf(await env.upgrade("alpn"));
  await close(quiet);
  assert.equal(env.proxy.upgrade.pings, 0);
  const socket = await env.upgrade("alpn-ping");
  const payload = await new Promise((done) => socket.on("ping", (data) => done(String(data))));
  assert.equal(payload, "teleport");
  await until(() => env.proxy.upgrade.pongs >= 2);
  await close(streamOf(socket));
});

Deno.test("ConnectionUpgrade is missing, refuses and answers wrongly on demand", async () => {
  await using env = await startEnv();
  const faults = env.proxy.upgrade;
  faults.isMissing = true;
  await assert.rejects(env.upgrade("alpn"), /Unexpected server response: 404/);
  faults.isMissing = false;
  faults.refusals = 1;
  await assert.rejects(env.upgrade("alpn"), /Unexpected server response: 502/);
  faults.wrongAccept = true;
  await assert.rejects(env.upgrade("alpn"), /Invalid Sec-WebSocket-Accept header/);
  faults.wrongAccept = false;
  faults.wrongProtocol = "chat";
  await assert.rejects(env.upgrade("alpn"), /Server sent an invalid subprotocol/);
  faults.wrongProtocol = undefined;
  faults.protocols = ["alpn"];
  await assert.rejects(env.upgrade("alpn-ping"), /Server sent no subprotocol/);
  const both = await env.upgrade("alpn-ping", "alpn");
  assert.equal(both.protocol, "alpn");
  await close(streamOf(both));
});

Deno.test("ConnectionUpgrade closes right after the switch on demand", async () => {
  await using env = await startEnv();
  env.proxy.upgrade.closeAfterSwitch = true;
  await ending(streamOf(await env.upgrade("alpn")));
  assert.deepEqual([...env.proxy.upgrade.accepted], [["alpn", 1]]);
});
