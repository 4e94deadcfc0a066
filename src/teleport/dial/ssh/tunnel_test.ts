import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import tls from "node:tls";
import { startAuthServer } from "../../../../sim/auth/server.ts";
import { Cluster } from "../../../../sim/cluster/cluster.ts";
import { issueServer } from "../../../../sim/pki/identity.ts";
import { createPki } from "../../../../sim/pki/pki.ts";
import { type SshTunnelOptions, startSshTunnel } from "../../../../sim/proxy/ssh/server.ts";
import { TcpListener } from "../../../../sim/proxy/tcp_listener.ts";
import { ClusterError } from "../../errors.ts";
import { secureAuthConnection } from "../direct.ts";
import { openSshTunnel } from "./tunnel.ts";
import { HOUR_MS, keyOf } from "./testing/ssh_certificates.ts";
import {
  CLUSTER,
  echoThrough,
  open,
  pki,
  sendThrough,
  someCredentials,
  startBench,
  until,
} from "../testing/tunnel.ts";

Deno.test("openSshTunnel() reaches the auth server, and gRPC's TLS handshake runs inside", async () => {
  await using auth = await startAuthServer(new Cluster(CLUSTER), pki);
  await using server = await startSshTunnel(pki, auth.address);
  const credentials = await someCredentials();
  const socket = await secureAuthConnection(
    await open(server.port, credentials),
    credentials,
    5000,
  );
  assert.equal(socket.alpnProtocol, "h2");
  assert.deepEqual(server.logins, ["access-email"]);
  assert.deepEqual(server.dials, [{ address: "@remote-auth-server", conn_type: "node" }]);
  socket.destroy();
  await until(() => server.connections === 0, "the SSH connection is closed");
});

Deno.test("openSshTunnel() works over TLS, as with TLS routing", async () => {
  await using bench = await startBench();
  const { keyPem: key, certPem: cert } = await issueServer(pki.webCa);
  const accept = (socket: tls.TLSSocket) => bench.server.serve(socket);
  await using listener = new TcpListener(tls.createServer({ key, cert }, accept));
  await listener.start();
  const socket = tls.connect({
    host: "localhost",
    port: listener.port,
    ca: pki.webCa.certPem,
    servername: "localhost",
  });
  await once(socket, "secureConnect");
  const options = { timeoutMs: 30_000, nowMs: Date.now() };
  const tunnel = await openSshTunnel(socket, "localhost", bench.credentials, options);
  const sent = randomBytes(2_000_000);
  assert.ok((await sendThrough(tunnel, sent)).equals(sent));
  tunnel.destroy();
  await until(() => listener.connections + bench.echo.connections === 0, "both are closed");
});

for (
  const [keyType, keyForm] of [
    ["rsa", "traditional"],
    ["rsa", "pkcs8"],
    ["ec", "traditional"],
    ["ec", "pkcs8"],
    ["ed25519", "pkcs8"],
  ] as const
) {
  Deno.test(`openSshTunnel() logs in with a key of type ${keyType}, ${keyForm}`, async () => {
    await using bench = await startBench({}, await someCredentials({ keyType, keyForm }));
    assert.equal(await echoThrough(await bench.open(), "hello"), "hello");
  });
}

for (const type of ["rsa", "p256", "p384", "p521", "ed25519"] as const) {
  Deno.test(`openSshTunnel() checks host certificates of type ${type}`, async () => {
    const hostKey = keyOf(type);
    await using bench = await startBench({ hostKey });
    assert.equal(await echoThrough(await bench.open(), "hello"), "hello");
    await refused({ hostKey, certificate: { principals: ["other"] } }, /is for 'other' only/);
  });
}

const REFUSALS: readonly (readonly [string, SshTunnelOptions, RegExp])[] = [
  ["a plain host key", { plainHostKey: true }, /no SSH host certificate .* 'ssh-ed25519'/],
  ["a user's certificate", { certificate: { kind: "user" } }, /is a user's certificate$/],
  ["another host's certificate", { certificate: { principals: ["a.b"] } }, /is for 'a.b' only$/],
  ["a stolen certificate", { stolenCertificate: true }, /does not have the private key of its/],
  ["an expired certificate", { certificate: { ttlMs: -HOUR_MS } }, /is not valid after '20/],
  [
    "a certificate that is not valid yet",
    { certificate: { notBeforeMs: Date.now() + HOUR_MS } },
    /is not valid before '20/,
  ],
  [
    "an option that it does not know",
    { certificate: { criticalOptions: { "force-x": "y" } } },
    /has the unknown option 'force-x'$/,
  ],
  [
    "a CA that the identity does not name",
    { signedBy: await createPki(CLUSTER) },
    /is not signed by a CA that the identity names/,
  ],
];
for (const [what, options, expected] of REFUSALS) {
  Deno.test(`openSshTunnel() refuses a host with ${what}, before it shows its own certificate`, async () => {
    await refused(options, expected);
  });
}

async function refused(options: SshTunnelOptions, expected: RegExp): Promise<void> {
  await using bench = await startBench(options);
  await assert.rejects(
    bench.open(),
    (error) =>
      error instanceof ClusterError && error.kind === "credentials" &&
      expected.test(error.message),
  );
  assert.deepEqual([bench.server.logins, bench.server.refusals], [[], []]);
  await until(() => bench.server.connections === 0, "the connection is closed");
}

Deno.test("openSshTunnel() reports why the proxy refuses the user's certificate", async () => {
  const stranger = await createPki(CLUSTER);
  await using foreign = await startSshTunnel(stranger, "127.0.0.1:1", { signedBy: pki });
  const credentials = await someCredentials();
  await assert.rejects(
    open(foreign.port, credentials),
    {
      kind: "credentials",
      message: /^the proxy refuses the SSH certificate of 'access-email', valid /,
    },
  );
  assert.deepEqual(foreign.refusals, ["signed by another CA"]);
});

Deno.test("openSshTunnel() reports the proxy's text when it cannot reach the auth server", async () => {
  await using bench = await startBench();
  bench.server.refuseDial = "no auth servers\nfound";
  await assert.rejects(bench.open(), {
    kind: "unavailable",
    message: "the proxy cannot reach the auth server: no auth servers?found",
  });
  bench.server.refuseDial = "";
  await assert.rejects(bench.open(), { message: /auth server: it gives no reason$/ });
  await until(() => bench.server.connections === 0, "the connections are closed");
});

Deno.test("openSshTunnel() opens and closes fifty times without leaking a socket", async () => {
  await using bench = await startBench();
  for (let round = 0; round < 50; round++) {
    assert.equal(await echoThrough(await bench.open(), `round ${round}`), `round ${round}`);
  }
  await until(() => bench.server.connections + bench.echo.connections === 0, "all are closed");
});
