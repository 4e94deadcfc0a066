import assert from "node:assert/strict";
import { startAuthServer } from "../auth/server.ts";
import { startBalancer } from "./balancer.ts";
import { Cluster } from "../cluster/cluster.ts";
import { streamOf } from "./connection_upgrade.ts";
import { createPki } from "../pki/pki.ts";
import { authAlpn, startProxy } from "./proxy.ts";
import { close, connectAuth, connectWeb, ending, upgrade } from "../testing/test_clients.ts";

async function startEnv() {
  await using stack = new AsyncDisposableStack();
  const pki = await createPki("sim.example.com");
  const auth = stack.use(await startAuthServer(new Cluster(), pki));
  const proxy = stack.use(await startProxy(pki, auth.address));
  const balancer = stack.use(await startBalancer(pki, proxy.address));
  const owned = stack.move();
  return { pki, proxy, balancer, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

Deno.test("Balancer forwards HTTP to the proxy", async () => {
  await using env = await startEnv();
  using client = Deno.createHttpClient({ caCerts: [env.pki.webCa.certPem] });
  const answer = await fetch(`https://localhost:${env.balancer.port}/webapi/find`, { client });
  assert.equal((await answer.json()).cluster_name, "sim.example.com");
  assert.deepEqual([...env.proxy.routes], [["web", 1]]);
});

Deno.test("Balancer drops ALPN, so that the auth server is reached only by an upgrade", async () => {
  await using env = await startEnv();
  const offer = [authAlpn("sim.example.com"), "h2"];
  const plain = await connectWeb(env.pki, env.balancer.port, offer);
  assert.equal(plain.alpnProtocol, false);
  await close(plain);
  const inner = streamOf(
    await upgrade(await connectWeb(env.pki, env.balancer.port), ["alpn-ping"]),
  );
  const socket = await connectAuth(env.pki, inner);
  assert.equal(socket.alpnProtocol, "h2");
  await Promise.all([ending(inner), close(socket)]);
  assert.equal(env.proxy.routes.get("auth"), 1);
});

Deno.test("Balancer drops idle connections, which pings of the upgrade prevent", async () => {
  await using env = await startEnv();
  env.balancer.idleTimeoutMs = 1000;
  env.proxy.upgrade.pingIntervalMs = 20;
  const pinged = await upgrade(await connectWeb(env.pki, env.balancer.port), ["alpn-ping"]);
  const quiet = await upgrade(await connectWeb(env.pki, env.balancer.port), ["alpn"]);
  await ending(streamOf(quiet));
  assert.equal(env.balancer.idleDrops, 1);
  assert.equal(pinged.readyState, pinged.OPEN);
  env.balancer.breakConnections();
  await ending(streamOf(pinged));
  assert.equal(env.balancer.idleDrops, 1);
});
