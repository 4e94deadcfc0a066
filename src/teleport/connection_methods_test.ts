/** Every connection method against a simulated cluster, through every kind of network in between. */

import assert from "node:assert/strict";
import { startAuthServer } from "../../sim/auth/server.ts";
import { startBalancer } from "../../sim/proxy/balancer.ts";
import { startCable } from "../../sim/proxy/cable.ts";
import { Cluster } from "../../sim/cluster/cluster.ts";
import { startConnectProxy } from "../../sim/proxy/connect_proxy.ts";
import { type Identity, identityFileText, issueIdentity } from "../../sim/pki/identity.ts";
import { createPki } from "../../sim/pki/pki.ts";
import { startProxy } from "../../sim/proxy/proxy.ts";
import { startSshTunnel } from "../../sim/proxy/ssh/server.ts";
import type { ConnectionMethod } from "./dial/method.ts";
import { ClusterError } from "./errors.ts";
import {
  type ClientOptions,
  connectClient,
  type ConnectedClient,
} from "./testing/cluster_client.ts";

const CLUSTER = "sim.example.com";
const pki = await createPki(CLUSTER);
const never = new AbortController().signal;

/** A cluster with a proxy, an SSH tunnel port and a balancer, and the files that lead there. */
async function startSetting() {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const identity = `${dir}/identity`;
  const webCa = `${dir}/web-ca.pem`;
  const write = async (changed: Identity | string) => {
    const text = typeof changed === "string" ? changed : identityFileText(changed);
    await Deno.writeTextFile(identity, text);
  };
  await write(await issueIdentity(pki));
  await Deno.writeTextFile(webCa, pki.webCa.certPem);
  const auth = stack.use(await startAuthServer(new Cluster(CLUSTER), pki));
  const ssh = stack.use(await startSshTunnel(pki, auth.address));
  const proxy = stack.use(await startProxy(pki, auth.address, ssh));
  const balancer = stack.use(await startBalancer(pki, proxy.address));
  const owned = stack.move();
  return {
    auth,
    ssh,
    proxy,
    balancer,
    webCa,
    write,
    connect: (address: string, options: Partial<ClientOptions> = {}): ConnectedClient =>
      connectClient({ address, identity, webRootCas: webCa, ...options }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Setting = Awaited<ReturnType<typeof startSetting>>;

/** The method by which a client is connected. */
async function wayOf(
  { client, connections }: ConnectedClient,
): Promise<ConnectionMethod | undefined> {
  assert.equal((await client.ping(never)).clusterName, CLUSTER);
  return connections.current?.method;
}

/** The same, tried again for as long as connections break. */
async function wayAtLast(connected: ConnectedClient): Promise<ConnectionMethod | undefined> {
  const endMs = Date.now() + 30_000;
  for (;;) {
    try {
      return await wayOf(connected);
    } catch (error) {
      if (!(error instanceof ClusterError && error.isTransient) || Date.now() > endMs) throw error;
    }
  }
}

async function failure(setting: Setting, address: string, options: Partial<ClientOptions> = {}) {
  using connected = setting.connect(address, options);
  return await connected.client.ping(never).then(
    () => assert.fail("it worked"),
    (error: ClusterError) => error,
  );
}

Deno.test("Every address that can work is reached by `auto`, and by each method that fits", async () => {
  await using setting = await startSetting();
  const { auth, proxy, ssh, balancer } = setting;
  const rows: readonly (readonly [string, ConnectionMethod | "auto", ConnectionMethod])[] = [
    [auth.address, "auto", "direct"],
    [auth.address, "direct", "direct"],
    [proxy.address, "auto", "direct"],
    [proxy.address, "direct", "direct"],
    [proxy.address, "upgrade", "upgrade"],
    [proxy.address, "ssh", "ssh"],
    [ssh.address, "auto", "ssh"],
    [ssh.address, "ssh", "ssh"],
    [balancer.address, "auto", "upgrade"],
    [balancer.address, "upgrade", "upgrade"],
    [balancer.address, "ssh", "ssh"],
  ];
  for (const [address, via, expected] of rows) {
    using connected = setting.connect(address, { via });
    assert.equal(await wayOf(connected), expected, `${address} by ${via}`);
  }
});

Deno.test("The SSH tunnel is found in both modes of a proxy, and behind a load balancer", async () => {
  await using setting = await startSetting();
  const { proxy, balancer, ssh } = setting;
  proxy.find.listenerMode = "separate";
  {
    using connected = setting.connect(proxy.address, { via: "ssh" });
    await wayOf(connected);
    assert.deepEqual([ssh.logins.length, proxy.routes.get("tunnel")], [1, undefined]);
  }
  proxy.find.listenerMode = "multiplex";
  {
    using connected = setting.connect(proxy.address, { via: "ssh" });
    await wayOf(connected);
    assert.equal(proxy.routes.get("tunnel"), 1);
  }
  proxy.find.publicAddr = balancer.address;
  {
    using connected = setting.connect(balancer.address, { via: "ssh" });
    await wayOf(connected);
    assert.deepEqual([...proxy.upgrade.accepted], [["alpn-ping", 1]]);
  }
  const env = { TELEPORT_TUNNEL_PUBLIC_ADDR: ssh.address };
  proxy.find.listenerMode = "separate";
  proxy.find.ssh = { ssh_tunnel_public_addr: "127.0.0.1:1" };
  {
    using connected = setting.connect(proxy.address, { via: "ssh", env });
    await wayOf(connected);
  }
});

Deno.test("An upgrade falls back to `alpn`, answers pings and obeys the environment", async () => {
  await using setting = await startSetting();
  const { proxy, balancer } = setting;
  proxy.upgrade.pingIntervalMs = 10;
  {
    using connected = setting.connect(balancer.address);
    await wayOf(connected);
    while (proxy.upgrade.pongs < 2) await connected.client.ping(never);
  }
  proxy.upgrade.protocols = ["alpn"];
  {
    using connected = setting.connect(balancer.address);
    assert.equal(await wayOf(connected), "upgrade");
    assert.equal(proxy.upgrade.accepted.get("alpn"), 1);
  }
  const variable = "TELEPORT_TLS_ROUTING_CONN_UPGRADE";
  using unchanged = setting.connect(balancer.address, { env: { [variable]: "false" } });
  assert.equal(await wayOf(unchanged), "ssh");
});

Deno.test("Every method uses the HTTP proxy that the environment names", async () => {
  await using setting = await startSetting();
  const { proxy, ssh, balancer } = setting;
  await using tunnel = await startConnectProxy();
  tunnel.resolve = (target) => target.replace(`proxy.${CLUSTER}`, "127.0.0.1");
  const env = { HTTPS_PROXY: `http://${tunnel.address}` };
  const rows: readonly (readonly [string, ConnectionMethod])[] = [
    [proxy.address, "direct"],
    [ssh.address, "ssh"],
    [balancer.address, "upgrade"],
  ];
  for (const [address, via] of rows) {
    const named = address.replace("127.0.0.1", `proxy.${CLUSTER}`);
    using connected = setting.connect(named, { via, env });
    assert.equal(await wayOf(connected), via);
    assert.ok((tunnel.tunnels.get(named) ?? 0) > 0, named);
    using exempt = setting.connect(named, { via, env: { ...env, NO_PROXY: "*" } });
    await assert.rejects(exempt.client.ping(never), /no such host|does not answer/);
  }
});

Deno.test("Old and new CA in one identity file both work during a rotation of the host CA", async () => {
  await using setting = await startSetting();
  const rotated = { ...pki, hostCa: (await createPki(CLUSTER)).hostCa };
  await using next = await startAuthServer(new Cluster(CLUSTER), rotated);
  const identity = await issueIdentity(pki);
  await setting.write({ ...identity, casPem: identity.casPem + rotated.hostCa.certPem });
  for (const address of [setting.auth.address, next.address]) {
    using connected = setting.connect(address);
    assert.equal(await wayOf(connected), "direct");
  }
  await setting.write(identity);
  const { message } = await failure(setting, next.address);
  assert.match(message, /credentials signed before a CA rotation/);
});

Deno.test("A dead method does not delay a working one", async () => {
  await using setting = await startSetting();
  // The web port takes connections and says nothing; the tunnel has an address of its own.
  await using cable = await startCable(setting.proxy.address);
  cable.silence();
  const env = { TELEPORT_TUNNEL_PUBLIC_ADDR: setting.ssh.address };
  const stepTimeoutMs = 3000;
  using connected = setting.connect(cable.address, { env, stepTimeoutMs });
  const startMs = performance.now();
  assert.equal(await wayOf(connected), "ssh");
  // One after the other, each of the three methods would take a step.
  assert.ok(performance.now() - startMs < 3 * stepTimeoutMs);
});

Deno.test("A connection that breaks in any way is replaced by the next call", async () => {
  await using setting = await startSetting();
  const { auth, proxy, ssh, balancer } = setting;
  for (const address of [proxy.address, ssh.address, balancer.address]) {
    await using cable = await startCable(address);
    using connected = setting.connect(cable.address);
    for (const lose of [() => cable.breakConnections(), () => cable.resetConnections()]) {
      await wayOf(connected);
      const first = connected.connections.current;
      lose();
      if (!first?.retired.aborted) {
        await new Promise((resolve) => first?.retired.addEventListener("abort", resolve));
      }
      await wayOf(connected);
      assert.notEqual(connected.connections.current, first);
    }
  }
  using connected = setting.connect(auth.address);
  const watching = (async () => {
    const inits: string[] = [];
    for await (const { type } of connected.client.watch(never)) {
      inits.push(type);
      if (inits.length === 1) await auth.goAway();
      if (inits.length === 2) break;
    }
    return inits;
  })();
  // The server says goodbye and cuts what stays open, so either the watch moves or it ends.
  await watching.then((inits) => assert.deepEqual(inits, ["init", "init"]), (error) => {
    assert.match(String(error), /ClusterError/);
  });
});

Deno.test("Connections that break under many calls end nothing but these calls", async () => {
  await using setting = await startSetting();
  const { proxy, ssh, balancer } = setting;
  for (const address of [proxy.address, ssh.address, balancer.address]) {
    await using cable = await startCable(address);
    using connected = setting.connect(cable.address);
    const { client, connections } = connected;
    let isOver = false;
    const calling = Array.from({ length: 6 }, async () => {
      while (!isOver) await client.ping(never).catch(() => {});
    });
    for (let i = 0; i < 20; i++) {
      while (connections.current === undefined) await client.ping(never).catch(() => {});
      // Between any two bytes of the calls.
      await new Promise((resolve) => setTimeout(resolve, i));
      if (i % 2 === 0) cable.breakConnections();
      else cable.resetConnections();
    }
    isOver = true;
    await Promise.all(calling);
    // The first call may still find the last of these connections.
    await wayAtLast(connected);
  }
});

Deno.test("Connections end with the certificate where the server demands it, and the next has a new one", async () => {
  await using setting = await startSetting();
  const { auth } = setting;
  auth.disconnectExpired = true;
  await setting.write(await issueIdentity(pki, { ttlMs: 4000 }));
  using connected = setting.connect(auth.address);
  await wayOf(connected);
  const first = connected.connections.current;
  await setting.write(await issueIdentity(pki));
  await new Promise((resolve) => first?.retired.addEventListener("abort", resolve));
  await wayOf(connected);
  assert.ok((connected.connections.current?.credentials.notAfterMs ?? 0) > Date.now() + 60_000);
});

Deno.test("A silent network is detected by keepalive, with every method", async () => {
  await using setting = await startSetting();
  const channel = { keepaliveTimeMs: 100, keepaliveTimeoutMs: 200 };
  for (const { address } of [setting.auth, setting.proxy, setting.ssh, setting.balancer]) {
    await using cable = await startCable(address);
    using connected = setting.connect(cable.address, { channel });
    const watching = (async () => {
      for await (const { type } of connected.client.watch(never)) {
        if (type === "init") cable.silence();
      }
    })();
    await assert.rejects(watching, (error: ClusterError) => error.kind === "unavailable");
    assert.equal(connected.connections.current, undefined);
    cable.silence(false);
    // On a busy machine an answer may be slower than this keepalive.
    await wayAtLast(connected);
  }
});

Deno.test("A half-open connection is detected by keepalive, too", async () => {
  await using setting = await startSetting();
  await using cable = await startCable(setting.proxy.address);
  const channel = { keepaliveTimeMs: 100, keepaliveTimeoutMs: 200 };
  using connected = setting.connect(cable.address, { channel });
  await wayOf(connected);
  const first = connected.connections.current;
  cable.silent.down = true;
  await new Promise((resolve) => first?.retired.addEventListener("abort", resolve));
  cable.silent.down = false;
  await wayAtLast(connected);
});

Deno.test("A server that accepts connections and never answers is reported as such", async () => {
  await using setting = await startSetting();
  setting.auth.isSilent = true;
  const channel = { readyTimeoutMs: 300 };
  const { message, kind } = await failure(setting, setting.auth.address, { channel });
  assert.match(
    message,
    /the server does not answer over the connection it has accepted: timed out$/,
  );
  assert.equal(kind, "unavailable");
});
