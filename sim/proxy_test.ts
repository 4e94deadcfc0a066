import assert from "node:assert/strict";
import net from "node:net";
import tls, { type TLSSocket } from "node:tls";
import { startAuthServer } from "./auth_server.ts";
import { Cluster } from "./cluster.ts";
import { issueIdentity } from "./identity.ts";
import { createPki } from "./pki.ts";
import { authAlpn, startProxy, type TeleportProxy } from "./proxy.ts";

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

/** Resolves with the connected socket, or rejects when it is closed before. */
async function connect(proxy: TeleportProxy, options: tls.ConnectionOptions): Promise<TLSSocket> {
  return await new Promise((resolve, reject) => {
    const socket = tls.connect({ host: "127.0.0.1", port: proxy.port, ...options });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed")));
    socket.on("secureConnect", () => resolve(socket));
  });
}

async function close(socket: net.Socket): Promise<void> {
  const closed = new Promise<void>((done) => socket.on("close", () => done()));
  socket.destroy();
  await closed;
}

Deno.test("TeleportProxy passes teleport-auth@ of its cluster to the auth server", async () => {
  await using env = await startBoth();
  const { certPem: cert, keyPem: key, casPem: ca } = await issueIdentity(env.pki);
  const socket = await connect(env.proxy, {
    servername: "teleport.cluster.local",
    ALPNProtocols: [authAlpn("sim.example.com"), "h2"],
    cert,
    key,
    ca,
  });
  assert.equal(socket.alpnProtocol, "h2");
  assert.equal(socket.authorized, true);
  await close(socket);
  assert.deepEqual([...env.proxy.routes], [["auth", 1]]);
});

Deno.test("TeleportProxy shows its web certificate when teleport-auth@ is not first", async () => {
  await using env = await startBoth();
  const ca = env.pki.webCa.certPem;
  for (
    const ALPNProtocols of [undefined, ["http/1.1"], ["http/1.1", authAlpn("sim.example.com")]]
  ) {
    const socket = await connect(env.proxy, {
      servername: "localhost",
      ca,
      ...ALPNProtocols && { ALPNProtocols },
    });
    assert.equal(socket.authorized, true);
    await close(socket);
  }
  assert.deepEqual([...env.proxy.routes], [["web", 3]]);
});

Deno.test("TeleportProxy closes on an unknown cluster", async () => {
  await using env = await startBoth();
  await assert.rejects(connect(env.proxy, {
    servername: "teleport.cluster.local",
    ALPNProtocols: [authAlpn("other.example.com"), "h2"],
    rejectUnauthorized: false,
  }));
  assert.deepEqual([...env.proxy.routes], [["unknown cluster", 1]]);
});

Deno.test("TeleportProxy closes on what is no TLS", async () => {
  await using env = await startBoth();
  const socket = net.connect(env.proxy.port, "127.0.0.1");
  socket.on("error", () => {});
  const closed = new Promise<void>((done) => socket.on("close", () => done()));
  socket.write("SSH-2.0-Go\r\n");
  await closed;
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
