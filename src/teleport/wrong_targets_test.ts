/** Each wrong target and each broken credential has a message of its own, which says what to do. */

import assert from "node:assert/strict";
import net from "node:net";
import http from "node:http";
import tls from "node:tls";
import { type AuthServer, startAuthServer } from "../../sim/auth/server.ts";
import { startBalancer } from "../../sim/proxy/balancer.ts";
import { Cluster } from "../../sim/cluster/cluster.ts";
import {
  type Identity,
  identityFileText,
  issueAuthServer,
  issueIdentity,
  issueWebServer,
} from "../../sim/pki/identity.ts";
import { createPki } from "../../sim/pki/pki.ts";
import { startProxy } from "../../sim/proxy/proxy.ts";
import { startSshTunnel } from "../../sim/proxy/ssh/server.ts";
import { TcpListener } from "../../sim/proxy/tcp_listener.ts";
import type { ClusterError, ClusterErrorKind } from "./errors.ts";
import { type ClientOptions, connectClient } from "./testing/cluster_client.ts";

const CLUSTER = "sim.example.com";
const [pki, otherPki] = await Promise.all([createPki(CLUSTER), createPki(CLUSTER)]);
const elsewhere = await createPki("elsewhere.example.com");

interface Case {
  readonly name: string;
  /** `host:port` of what is dialed; whatever it starts is stopped at the end. */
  readonly address: (auth: AuthServer, stack: AsyncDisposableStack) => Promise<string>;
  readonly identity?: () => Promise<Identity | string>;
  readonly options?: Partial<ClientOptions>;
  readonly webCa?: "none" | "other";
  readonly kind: ClusterErrorKind;
  readonly message: RegExp;
}

async function serve(stack: AsyncDisposableStack, server: net.Server): Promise<string> {
  const listener = stack.use(new TcpListener(server));
  await listener.start();
  return listener.address;
}

const greeting = (text: string) => net.createServer((socket) => void socket.write(text));
const authAddress = ({ address }: AuthServer) => Promise.resolve(address);

/** For servers that are waited for in vain. */
const SOON = { stepTimeoutMs: 800 };

const CASES: readonly Case[] = [
  {
    name: "a port without a listener",
    address: () => Promise.resolve("127.0.0.1:1"),
    kind: "unavailable",
    message: /: connection refused: nothing is listening on that port$/,
  },
  {
    name: "an unknown host",
    address: () => Promise.resolve("nosuch.invalid:3025"),
    kind: "unavailable",
    message: /: cannot resolve 'nosuch\.invalid': no such host$/,
  },
  {
    name: "an SSH port that is not a tunnel",
    address: (_, stack) => serve(stack, greeting("SSH-2.0-OpenSSH_9.2\r\n")),
    options: SOON,
    kind: "unavailable",
    message:
      /an SSH server answers there: 'SSH-2\.0-OpenSSH_9\.2'.*by SSH tunnel: the SSH handshake/,
  },
  {
    name: "the tunnel port, pinned to `direct`",
    address: async ({ address }, stack) => stack.use(await startSshTunnel(pki, address)).address,
    options: { via: "direct" },
    kind: "unavailable",
    message: /: the server does not speak TLS \(an SSH server answers there: 'SSH-2\.0-/,
  },
  {
    name: "a web server without TLS",
    address: (_, stack) => serve(stack, http.createServer((_request, reply) => void reply.end())),
    kind: "unavailable",
    message: /\(a web server without TLS answers there\)/,
  },
  {
    name: "a mail server",
    address: (_, stack) => serve(stack, greeting("220 mail.example.com ESMTP\r\n")),
    kind: "unavailable",
    message: /\(a server that greets with '220 mail\.example\.com ESMTP' answers there\)/,
  },
  {
    name: "a foreign web server",
    address: async (_, stack) => {
      const { certPem: cert, keyPem: key } = await issueWebServer(elsewhere);
      return await serve(stack, tls.createServer({ cert, key, ALPNProtocols: ["http/1.1"] }));
    },
    kind: "unavailable",
    message:
      /presents a certificate for '.*', issued by 'Simulated Web CA'.*name that in teleport\.web_root_cas/,
  },
  {
    name: "a load balancer whose CA is not named",
    address: async ({ address }, stack) => {
      const proxy = stack.use(await startProxy(pki, address));
      return stack.use(await startBalancer(pki, proxy.address)).address;
    },
    webCa: "none",
    options: { via: "upgrade" },
    kind: "credentials",
    message: /: the web certificate of '127\.0\.0\.1' is not signed by a known CA: .*web_root_cas/,
  },
  {
    name: "a load balancer, pinned to `direct`",
    address: async ({ address }, stack) => {
      const proxy = stack.use(await startProxy(pki, address));
      return stack.use(await startBalancer(pki, proxy.address)).address;
    },
    options: { via: "direct" },
    kind: "credentials",
    message: /certificate is not signed by a CA of cluster 'sim.* \(the server presents a cert/,
  },
  {
    name: "an auth server behind something that ends ALPN",
    address: async (_, stack) => {
      const { certPem: cert, keyPem: key } = await issueAuthServer(pki);
      return await serve(stack, tls.createServer({ cert, key }));
    },
    options: { via: "direct" },
    kind: "unavailable",
    message:
      /: the server does not negotiate ALPN: a load balancer before it probably terminates TLS/,
  },
  {
    name: "a proxy of another cluster",
    address: async (_, stack) => {
      const auth = stack.use(await startAuthServer(new Cluster(), elsewhere));
      return stack.use(await startProxy(elsewhere, auth.address)).address;
    },
    options: { via: "direct" },
    kind: "unavailable",
    message: /a proxy does so when it does not serve the cluster 'sim\.example\.com'/,
  },
  {
    name: "a proxy that is too old for upgrades",
    address: async ({ address }, stack) => {
      const proxy = stack.use(await startProxy(pki, address));
      proxy.upgrade.isMissing = true;
      return proxy.address;
    },
    options: { via: "upgrade" },
    kind: "unavailable",
    message: /does not support connection upgrades \(HTTP 404\)/,
  },
  {
    name: "a server that is silent",
    address: (_, stack) => serve(stack, net.createServer(() => {})),
    options: SOON,
    kind: "unavailable",
    message: /: the TLS handshake timed out|directly: the TLS handshake timed out/,
  },
  {
    name: "a server that closes at once",
    address: (_, stack) => serve(stack, net.createServer((socket) => void socket.destroy())),
    kind: "unavailable",
    message: /directly: the server closed the connection during the TLS handshake/,
  },
  {
    name: "an expired identity",
    address: authAddress,
    identity: () => issueIdentity(pki, { ttlMs: -1000 }),
    kind: "credentials",
    message:
      /^expired credential found: the certificate for 'access-email', issued by .*Please sign new/,
  },
  {
    name: "an identity of another cluster",
    address: authAddress,
    identity: () => issueIdentity(otherPki),
    kind: "credentials",
    message: /directly: the server's certificate is not signed by a CA of cluster/,
  },
  {
    name: "an identity that the server does not know",
    address: authAddress,
    identity: async () => ({ ...await issueIdentity(otherPki), casPem: pki.hostCa.certPem }),
    kind: "unavailable",
    message: /right after the TLS handshake: it may not accept the certificate of 'access-email'$/,
  },
  {
    name: "a key that does not match",
    address: authAddress,
    identity: async () => ({
      ...await issueIdentity(pki),
      keyPem: (await issueIdentity(pki)).keyPem,
    }),
    kind: "credentials",
    message: /^the private key in identity file '.*' does not match the certificate/,
  },
  {
    name: "half an identity",
    address: authAddress,
    identity: async () => identityFileText(await issueIdentity(pki)).slice(0, 700),
    kind: "credentials",
    message: /^identity file could not be decoded: /,
  },
  {
    name: "the SSH tunnel without an SSH certificate",
    address: async ({ address }, stack) => stack.use(await startSshTunnel(pki, address)).address,
    identity: () => issueIdentity(pki, { ssh: false }),
    options: { via: "ssh" },
    kind: "unavailable",
    message: /: the credentials have no SSH certificate, only an identity file has one$/,
  },
  {
    name: "a tunnel of another cluster",
    address: async ({ address }, stack) =>
      stack.use(await startSshTunnel(otherPki, address)).address,
    options: { via: "ssh" },
    kind: "credentials",
    message: /the SSH host certificate of '127\.0\.0\.1' is not signed by a CA that the identity/,
  },
  {
    name: "a missing HTTP proxy",
    address: () => Promise.resolve("teleport.example.com:443"),
    options: { env: { HTTPS_PROXY: "http://127.0.0.1:1" } },
    kind: "unavailable",
    message: /: the HTTP proxy '127\.0\.0\.1:1' cannot be reached: connection refused/,
  },
];

/** What the program would say. */
async function messageOf(test: Case): Promise<ClusterError> {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const auth = stack.use(await startAuthServer(new Cluster(CLUSTER), pki));
  const identity = await (test.identity ?? (() => issueIdentity(pki)))();
  const text = typeof identity === "string" ? identity : identityFileText(identity);
  await Deno.writeTextFile(`${dir}/identity`, text);
  await Deno.writeTextFile(`${dir}/web-ca.pem`, pki.webCa.certPem);
  using connected = stack.use(connectClient({
    address: await test.address(auth, stack),
    identity: `${dir}/identity`,
    ...test.webCa === "none" ? {} : { webRootCas: `${dir}/web-ca.pem` },
    ...test.options,
  }));
  return await connected.client.ping(new AbortController().signal).then(
    () => assert.fail("it worked"),
    (error) => error,
  );
}

const messages = new Map<string, string>();

for (const test of CASES) {
  Deno.test(`The message for ${test.name} says what is wrong`, async () => {
    const { message, kind } = await messageOf(test);
    assert.match(message, test.message);
    assert.equal(kind, test.kind, message);
    assert.ok(
      !/DEADLINE_EXCEEDED|methods failed(?!.*: directly: )|\n|\bundefined\b/.test(message),
      message,
    );
    messages.set(test.name, message.replace(/\d+\.\d+\.\d+\.\d+:\d+|'\/[^']*'/g, "…"));
  });
}

Deno.test("No two wrong targets have the same message", () => {
  assert.equal(new Set(messages.values()).size, messages.size);
});
