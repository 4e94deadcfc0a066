import assert from "node:assert/strict";
import { startAuthServer } from "../auth/server.ts";
import { Cluster } from "../cluster/cluster.ts";
import { createPki } from "../pki/pki.ts";
import { authAlpn, startProxy } from "./proxy.ts";
import {
  close,
  connectAuth,
  connectTcp,
  connectTls,
  connectWeb,
  ending,
} from "../testing/test_clients.ts";

async function startBoth() {
  const cluster = new Cluster();
  const pki = await createPki(cluster.name);
  const auth = await startAuthServer(cluster, pki);
  const proxy = await startProxy(pki, auth.address);
  return {
    pki,
    auth,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await auth[Symbol.asyncDispose]();
    },
  };
}

Deno.test("TeleportProxy passes teleport-auth@ of its cluster to the auth server", async () => {
  await using env = await startBoth();
  const socket = await connectAuth(env.pki, env.proxy.port);
  assert.equal(socket.alpnProtocol, "h2");
  assert.equal(socket.authorized, true);
  await close(socket);
  assert.deepEqual([...env.proxy.routes], [["auth", 1]]);
});

Deno.test("TeleportProxy shows its web certificate when teleport-auth@ is not first", async () => {
  await using env = await startBoth();
  const offers = [undefined, ["h2"], ["http/1.1"], ["http/1.1", authAlpn("sim.example.com")]];
  for (const offer of offers) {
    const socket = await connectWeb(env.pki, env.proxy.port, offer);
    assert.equal(socket.alpnProtocol, offer?.[0] ?? false);
    await close(socket);
  }
  assert.deepEqual([...env.proxy.routes], [["web", 4]]);
});

Deno.test("TeleportProxy speaks SSH after TLS with teleport-reversetunnel", async () => {
  await using env = await startBoth();
  const socket = await connectWeb(env.pki, env.proxy.port, ["teleport-reversetunnel"]);
  assert.equal(socket.alpnProtocol, "teleport-reversetunnel");
  const greeting = new Promise<string>((done) => socket.once("data", (data) => done(String(data))));
  socket.write("SSH-2.0-Go\r\n");
  assert.match(await greeting, /^SSH-2\.0-/);
  await close(socket);
  assert.deepEqual([...env.proxy.routes], [["tunnel", 1]]);
});

Deno.test("TeleportProxy refuses unknown protocols with an alert", async () => {
  await using env = await startBoth();
  await assert.rejects(
    connectWeb(env.pki, env.proxy.port, ["teleport-unheard-of"]),
    /NoApplicationProtocol|no application protocol/i,
  );
  assert.deepEqual([...env.proxy.routes], [["no protocol", 1]]);
});

Deno.test("TeleportProxy closes on an unknown cluster", async () => {
  await using env = await startBoth();
  await assert.rejects(connectTls({
    host: "127.0.0.1",
    port: env.proxy.port,
    servername: "teleport.cluster.local",
    ALPNProtocols: [authAlpn("other.example.com"), "h2"],
    rejectUnauthorized: false,
  }));
  assert.deepEqual([...env.proxy.routes], [["unknown cluster", 1]]);
});

Deno.test("TeleportProxy closes on what is not TLS", async () => {
  await using env = await startBoth();
  const socket = await connectTcp(env.proxy.port);
  const ended = ending(socket);
  socket.write("SSH-2.0-Go\r\n");
  await ended;
  assert.deepEqual([...env.proxy.routes], [["not TLS", 1]]);
});

Deno.test("TeleportProxy answers /webapi/find and /webapi/ping", async () => {
  await using env = await startBoth();
  using client = Deno.createHttpClient({ caCerts: [env.pki.webCa.certPem] });
  const get = (path: string) => fetch(`https://localhost:${env.proxy.port}${path}`, { client });
  for (
    const path of ["/webapi/find", "/webapi/ping", "/webapi/ping/local", "/webapi/find?group=a"]
  ) {
    const about = await (await get(path)).json();
    assert.equal(about.cluster_name, "sim.example.com");
    assert.equal(about.proxy.tls_routing_enabled, true);
    assert.equal(about.proxy.ssh.public_addr, env.proxy.address);
  }
  const missing = await get("/other");
  await missing.body?.cancel();
  assert.equal(missing.status, 404);
});
