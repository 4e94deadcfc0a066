/** Servers that are not what they say they are, on each connection method. */

import assert from "node:assert/strict";
import { startAuthServer } from "../../sim/auth/server.ts";
import { Cluster } from "../../sim/cluster/cluster.ts";
import {
  identityFileText,
  issueAuthServer,
  issueIdentity,
  issueNode,
  issueServer,
} from "../../sim/pki/identity.ts";
import { createPki, type Issued } from "../../sim/pki/pki.ts";
import { startBalancer } from "../../sim/proxy/balancer.ts";
import { startConnectProxy } from "../../sim/proxy/connect_proxy.ts";
import { startProxy } from "../../sim/proxy/proxy.ts";
import { startSshTunnel } from "../../sim/proxy/ssh/server.ts";
import type { ConnectionMethod } from "./dial/method.ts";
import { ClusterError } from "./errors.ts";
import { type ClientOptions, connectClient } from "./testing/cluster_client.ts";

const CLUSTER = "sim.example.com";
const [pki, otherPki] = await Promise.all([createPki(CLUSTER), createPki(CLUSTER)]);
const never = new AbortController().signal;

/** A cluster, with every kind of server before it, and how each is reached. */
async function startSetting(web?: Issued) {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const [identity, webRootCas] = [`${dir}/identity`, `${dir}/web-ca.pem`];
  await Deno.writeTextFile(identity, identityFileText(await issueIdentity(pki)));
  await Deno.writeTextFile(webRootCas, pki.webCa.certPem);
  const auth = stack.use(await startAuthServer(new Cluster(CLUSTER), pki));
  const ssh = stack.use(await startSshTunnel(pki, auth.address));
  const proxy = stack.use(await startProxy(pki, auth.address, ssh, web));
  const balancer = stack.use(await startBalancer(pki, proxy.address));
  const tunnel = stack.use(await startConnectProxy());
  tunnel.resolve = (target) => target.replace(`proxy.${CLUSTER}`, "127.0.0.1");
  const named = proxy.address.replace("127.0.0.1", `proxy.${CLUSTER}`);
  const env = { HTTPS_PROXY: `http://${tunnel.address}` };
  const rows: readonly (readonly [string, string, ConnectionMethod, Partial<ClientOptions>])[] = [
    ["an auth address", auth.address, "direct", {}],
    ["a proxy, by TLS routing", proxy.address, "direct", {}],
    ["a proxy, by upgrade", proxy.address, "upgrade", {}],
    ["a proxy behind a balancer", balancer.address, "upgrade", {}],
    ["a proxy's tunnel behind TLS", proxy.address, "ssh", {}],
    ["a tunnel port", ssh.address, "ssh", {}],
    ["a proxy behind an HTTP proxy", named, "direct", { env }],
  ];
  const owned = stack.move();
  return {
    auth,
    rows,
    /** What a first call over the connection comes to. */
    call: async (address: string, options: Partial<ClientOptions>) => {
      using connected = connectClient({ address, identity, webRootCas, ...options });
      return await connected.client.ping(never).catch((error: unknown) => {
        assert.ok(error instanceof ClusterError, String(error));
        return error;
      });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("A node's certificate by the cluster's host CA is not taken for the auth server's, on any method", async () => {
  await using setting = await startSetting();
  const { auth, rows, call } = setting;
  auth.useCertificate(await issueNode(pki), pki);
  for (const [name, address, via, options] of rows) {
    const error = await call(address, { via, ...options });
    assert.ok(error instanceof ClusterError, `${name}: it was accepted`);
    assert.match(
      error.message,
      /not an auth server's: it lacks the name 'teleport\.cluster\.local'/,
    );
    assert.equal(error.kind, "credentials", name);
  }
  assert.equal(auth.calls.size, 0);
  auth.useCertificate(await issueAuthServer(pki), pki);
  for (const [name, address, via, options] of rows) {
    assert.ok(!(await call(address, { via, ...options }) instanceof ClusterError), name);
  }
});

Deno.test("An auth server's name in a certificate by another host CA is not trusted, on any method", async () => {
  await using setting = await startSetting();
  const { auth, rows, call } = setting;
  // By the CA of another cluster, and by that of the web certificates.
  const strangers = [
    await issueAuthServer(otherPki),
    await issueServer(pki.webCa, ["teleport.cluster.local"]),
  ];
  for (const stranger of strangers) {
    auth.useCertificate(stranger, pki);
    for (const [name, address, via, options] of rows) {
      const error = await call(address, { via, ...options });
      assert.ok(error instanceof ClusterError, `${name}: it was accepted`);
      assert.match(
        error.message,
        /not signed by a CA of cluster 'sim\.example\.com'/,
        name,
      );
    }
  }
  assert.equal(auth.calls.size, 0);
});

Deno.test("A proxy's web certificate has to be for the name or the address by which it is dialed", async () => {
  const certificates: readonly (readonly [string, Issued, boolean])[] = [
    ["for the address", await issueServer(pki.webCa, ["localhost"], ["127.0.0.1"]), true],
    ["for another address", await issueServer(pki.webCa, ["localhost"], ["127.0.0.2"]), false],
    ["for names alone", await issueServer(pki.webCa, ["localhost", "127.0.0.1"], []), false],
    ["by a host CA", await issueServer(pki.hostCa, ["localhost"], ["127.0.0.1"]), false],
  ];
  for (const [name, certificate, isGood] of certificates) {
    await using setting = await startSetting(certificate);
    const [, address = ""] = setting.rows.find(([, , via]) => via === "upgrade") ?? [];
    for (const via of ["upgrade", "ssh"] as const) {
      const result = await setting.call(address, { via });
      assert.equal(!(result instanceof ClusterError), isGood, `${via}, ${name}: ${result}`);
      if (result instanceof ClusterError) {
        assert.equal(result.kind, "credentials", name);
        assert.match(result.message, /web certificate (there is not for|of) '127\.0\.0\.1'/);
      }
    }
  }
});
