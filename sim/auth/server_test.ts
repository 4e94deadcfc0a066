import assert from "node:assert/strict";
import tls from "node:tls";
import { Operation } from "../../src/teleport/generated/auth_pb.ts";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import { startAuthServer } from "./server.ts";
import { Cluster } from "../cluster/cluster.ts";
import { type IdentityOptions, issueIdentity } from "../pki/identity.ts";
import { createPki } from "../pki/pki.ts";
import type { Role } from "./rbac.ts";
import { RpcClient } from "../testing/rpc_client.ts";

const KINDS = { Kinds: [{ Kind: "access_request" }] };

async function startAuth() {
  const cluster = new Cluster();
  const pki = await createPki(cluster.name);
  const auth = await startAuthServer(cluster, pki);
  const clients: RpcClient[] = [];
  return {
    cluster,
    pki,
    auth,
    connect: async (options: IdentityOptions & { version?: string } = {}) => {
      const client = new RpcClient(
        auth.address,
        await issueIdentity(pki, options),
        options.version,
      );
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client[Symbol.dispose]();
      await auth[Symbol.asyncDispose]();
    },
  };
}

Deno.test("AuthServer answers Ping to everyone with a certificate, and counts it", async () => {
  await using env = await startAuth();
  const client = await env.connect({ roles: [] });
  const answer = await client.call("ping");
  assert.equal(answer.code, "OK");
  assert.equal(answer.value.ClusterName, "sim.example.com");
  assert.equal(answer.value.ServerFeatures?.AdvancedAccessWorkflows, true);
  assert.equal(env.auth.calls.get("Ping"), 1);
});

for (const keyType of ["ec", "rsa", "ed25519"] as const) {
  for (const keyForm of ["pkcs8", "traditional"] as const) {
    Deno.test(`AuthServer accepts a client key of type ${keyType}, ${keyForm}`, async () => {
      await using env = await startAuth();
      const client = await env.connect({ keyType, keyForm });
      assert.equal((await client.call("ping")).code, "OK");
    });
  }
}

Deno.test("AuthServer rejects an expired certificate", async () => {
  await using env = await startAuth();
  const client = await env.connect({ ttlMs: -1000 });
  assert.equal((await client.call("ping")).code, "UNAVAILABLE");
});

Deno.test("AuthServer rejects a certificate of another cluster", async () => {
  await using env = await startAuth();
  const stranger = await issueIdentity(await createPki("other.example.com"));
  using client = new RpcClient(env.auth.address, { ...stranger, casPem: env.pki.hostCa.certPem });
  assert.equal((await client.call("ping")).code, "UNAVAILABLE");
});

Deno.test("AuthServer negotiates h2 although teleport-auth@ comes first", async () => {
  await using env = await startAuth();
  const { certPem: cert, keyPem: key, casPem: ca } = await issueIdentity(env.pki);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = tls.connect({
    host: "127.0.0.1",
    port: env.auth.port,
    servername: "teleport.cluster.local",
    ALPNProtocols: ["teleport-auth@73696d.teleport.cluster.local", "h2"],
    cert,
    key,
    ca,
  }, resolve);
  socket.on("error", reject);
  await promise;
  assert.equal(socket.alpnProtocol, "h2");
  const closed = new Promise((done) => socket.on("close", done));
  socket.destroy();
  await closed;
});

Deno.test("AuthServer begins a watch with INIT and the confirmed kinds", async () => {
  await using env = await startAuth();
  using watch = (await env.connect()).stream("watchEvents", KINDS);
  await watch.atLeast(1);
  const id = env.cluster.create().Metadata?.Name ?? "";
  env.cluster.delete(id);
  const [init, put, gone] = await watch.atLeast(3);
  assert.equal(init?.Type, Operation.INIT);
  assert.equal(init.Resource.case, "WatchStatus");
  assert.deepEqual(init.Resource.value.Spec?.Kinds.map((kind) => kind.Kind), ["access_request"]);
  assert.equal(put?.Resource.case, "AccessRequest");
  assert.equal(gone?.Resource.case, "ResourceHeader");
});

Deno.test("AuthServer replays nothing to a watch that begins later", async () => {
  await using env = await startAuth();
  env.auth.watchStatus = false;
  env.auth.initDelayMs = 20;
  using watch = (await env.connect()).stream("watchEvents", KINDS);
  env.cluster.create();
  const [init] = await watch.atLeast(1);
  assert.equal(init?.Resource.case, undefined);
  env.cluster.create({ id: "after" });
  const [, put] = await watch.atLeast(2);
  assert.equal(
    put?.Resource.case === "AccessRequest" && put.Resource.value.Metadata?.Name,
    "after",
  );
});

Deno.test("AuthServer drops watches cleanly or with a status", async () => {
  await using env = await startAuth();
  const client = await env.connect();
  const clean = client.stream("watchEvents", KINDS);
  await clean.atLeast(1);
  env.auth.dropWatches();
  assert.equal((await clean.ended).code, "OK");
  const broken = client.stream("watchEvents", KINDS);
  await broken.atLeast(1);
  env.auth.dropWatches("INVALID_ARGUMENT", "watcher is closed: buffer overflow");
  assert.deepEqual(await broken.ended, {
    code: "INVALID_ARGUMENT",
    message: "watcher is closed: buffer overflow",
  });
  assert.equal(env.auth.openWatches, 0);
  assert.equal(env.cluster.watchers.size, 0);
});

Deno.test("AuthServer forgets a watch whose client goes away", async () => {
  await using env = await startAuth();
  const watch = (await env.connect()).stream("watchEvents", KINDS);
  await watch.atLeast(1);
  assert.equal(env.auth.openWatches, 1);
  watch[Symbol.dispose]();
  await watch.ended;
  const client = await env.connect();
  for (let i = 0; env.auth.openWatches > 0 && i < 50; i++) await client.call("ping");
  assert.equal(env.auth.openWatches, 0);
});

Deno.test("AuthServer refuses a watch without the read verb, with Teleport's text", async () => {
  await using env = await startAuth();
  const denied = (await env.connect({ roles: ["nothing"] })).stream("watchEvents", KINDS);
  assert.deepEqual(await denied.ended, {
    code: "PERMISSION_DENIED",
    message: 'access denied to perform action "read" on "access_request"',
  });
});

Deno.test("AuthServer narrows lists silently for a caller without list and read", async () => {
  await using env = await startAuth();
  env.cluster.create({ id: "1", user: "alice" });
  env.cluster.create({ id: "2", user: "bob" });
  const ids = async (options: IdentityOptions) => {
    const client = await env.connect(options);
    const stream = await client.stream("getAccessRequestsV2").ended;
    const list = await client.call("listAccessRequests", {});
    assert.ok(stream.code === "OK" && list.code === "OK");
    assert.deepEqual(stream.value, list.value.AccessRequests);
    return stream.value.map((request) => request.Metadata?.Name);
  };
  assert.deepEqual(await ids({}), ["1", "2"]);
  assert.deepEqual(await ids({ user: "bob", roles: ["nothing"] }), ["2"]);
  assert.deepEqual(await ids({ user: "carol", roles: [] }), []);
});

Deno.test("AuthServer lets the minimal role do what the plugin does and nothing else", async () => {
  await using env = await startAuth();
  const id = env.cluster.create().Metadata?.Name ?? "";
  const client = await env.connect();
  const data = { Kind: "access_request", Resource: id, Plugin: "email" };
  assert.equal((await client.call("updatePluginData", { ...data, Set: { a: "1" } })).code, "OK");
  const got = await client.call("getPluginData", data);
  assert.ok(got.code === "OK");
  assert.deepEqual(got.value.PluginData[0]?.Spec?.Entries["email"]?.Data, { a: "1" });
  assert.deepEqual(await client.call("setAccessRequestState", { ID: id, State: 2 }), {
    code: "PERMISSION_DENIED",
    message: 'access denied to perform action "update" on "access_request"',
  });
  assert.equal((await client.call("deleteAccessRequest", { ID: id })).code, "PERMISSION_DENIED");
  assert.deepEqual(await client.call("submitAccessReview", { RequestID: id }), {
    code: "PERMISSION_DENIED",
    message: 'user "access-email" cannot submit reviews',
  });
});

Deno.test("AuthServer refuses plugin data to a caller without the verbs", async () => {
  await using env = await startAuth();
  const client = await env.connect({ roles: ["nothing"] });
  const filter = { Kind: "access_request" };
  assert.deepEqual(await client.call("getPluginData", filter), {
    code: "PERMISSION_DENIED",
    message: 'access denied to perform action "list" on "access_plugin_data"',
  });
  assert.equal((await client.call("updatePluginData", filter)).code, "PERMISSION_DENIED");
});

Deno.test("AuthServer lets users create, review, decide and delete over the wire", async () => {
  await using env = await startAuth();
  const alice = await env.connect({ user: "alice", roles: ["nothing"] });
  const admin = await env.connect({ user: "root", roles: ["admin"] });
  const spec = { User: "alice", Roles: ["dev"], Thresholds: [{ Approve: 1, Deny: 1 }] };
  const created = await alice.call("createAccessRequestV2", { Spec: spec });
  assert.ok(created.code === "OK");
  assert.equal(created.value.Spec?.State, RequestState.PENDING);
  const id = created.value.Metadata?.Name ?? "";
  const reviewed = await admin.call("submitAccessReview", {
    RequestID: id,
    Review: { ProposedState: RequestState.APPROVED, Reason: "go" },
  });
  assert.ok(reviewed.code === "OK");
  assert.equal(reviewed.value.Spec?.State, RequestState.APPROVED);
  assert.equal(reviewed.value.Spec.Reviews[0]?.Author, "root");
  const denial = { ID: id, State: RequestState.DENIED, Reason: "no" };
  assert.equal((await admin.call("setAccessRequestState", denial)).code, "OK");
  assert.equal((await admin.call("deleteAccessRequest", { ID: id })).code, "OK");
  assert.equal((await admin.call("deleteAccessRequest", { ID: id })).code, "NOT_FOUND");
});

Deno.test("AuthServer fails, loses and lacks methods on demand", async () => {
  await using env = await startAuth();
  const id = env.cluster.create().Metadata?.Name ?? "";
  const client = await env.connect();
  const update = { Kind: "access_request", Resource: id, Plugin: "email", Set: { a: "1" } };
  env.auth.failNext("UpdatePluginData", "RESOURCE_EXHAUSTED", "limit exceeded", 2);
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await client.call("updatePluginData", update), {
      code: "RESOURCE_EXHAUSTED",
      message: "limit exceeded",
    });
  }
  assert.equal(env.cluster.pluginData.entry(id, "email"), undefined);
  env.auth.loseAnswers("UpdatePluginData");
  assert.equal((await client.call("updatePluginData", update)).code, "UNAVAILABLE");
  assert.deepEqual(env.cluster.pluginData.entry(id, "email"), { a: "1" });
  env.auth.setUnimplemented("ListAccessRequests");
  assert.equal((await client.call("listAccessRequests")).code, "UNIMPLEMENTED");
  env.auth.clearFaults();
  assert.equal((await client.call("listAccessRequests")).code, "OK");
  assert.equal(env.auth.calls.get("UpdatePluginData"), 3);
});

Deno.test("AuthServer restarts on the same port", async () => {
  await using env = await startAuth();
  const client = await env.connect();
  const { port } = env.auth;
  const watch = client.stream("watchEvents", KINDS);
  await watch.atLeast(1);
  await env.auth.stop();
  assert.notEqual((await watch.ended).code, "OK");
  assert.equal((await client.call("ping")).code, "UNAVAILABLE");
  await env.auth.start();
  assert.equal(env.auth.port, port);
  await client.ready();
  assert.equal((await client.call("ping")).code, "OK");
});

Deno.test("AuthServer rejects a client that is too old and accepts a newer one", async () => {
  await using env = await startAuth();
  const old = await (await env.connect({ version: "15.9.9" })).call("ping");
  assert.ok(["PERMISSION_DENIED", "UNAVAILABLE", "CANCELLED", "INTERNAL"].includes(old.code));
  const odd = await (await env.connect({ version: "seventeen" })).call("ping");
  assert.notEqual(odd.code, "OK");
  assert.equal((await (await env.connect({ version: "16.0.0-dev.1" })).call("ping")).code, "OK");
  assert.equal((await (await env.connect({ version: "99.0.0" })).call("ping")).code, "OK");
});

Deno.test("AuthServer.goAway() ends connections, and clients reconnect", async () => {
  await using env = await startAuth();
  const client = await env.connect();
  assert.equal((await client.call("ping")).code, "OK");
  await env.auth.goAway();
  assert.equal((await client.call("ping")).code, "OK");
});

Deno.test("AuthServer omits others' requests from listings, without an error, for a role without list", async () => {
  await using env = await startAuth();
  const client = await env.connect();
  env.cluster.create({ user: "alice" });
  const own = env.cluster.create({ user: "access-email" }).Metadata?.Name;
  const listed = async () => {
    const streamed = await client.stream("getAccessRequestsV2").ended;
    const paged = await client.call("listAccessRequests");
    assert.ok(streamed.code === "OK" && paged.code === "OK");
    const ids = streamed.value.map((request) => request.Metadata?.Name);
    assert.deepEqual(paged.value.AccessRequests.map((request) => request.Metadata?.Name), ids);
    return ids;
  };
  assert.equal((await listed()).length, 2);
  const kind = "access_request";
  for (
    const role of [
      [{ kind, verbs: ["read"] }],
      [{ kind, verbs: ["list", "read"] }, { kind, verbs: ["list"], deny: true }],
      [{ kind, verbs: ["list", "read"], where: 'resource.metadata.name == "x"' }],
    ] satisfies Role[]
  ) {
    env.cluster.roles.set("access-plugin", role);
    assert.deepEqual(await listed(), [own]);
  }
});

Deno.test("AuthServer returns callers their roles, whatever these allow", async () => {
  await using env = await startAuth();
  env.cluster.roles.set("access-plugin", [
    { kind: "access_request", verbs: ["read", "review"], where: "a condition" },
    { kind: "access_request", verbs: ["list"], deny: true },
  ]);
  env.cluster.roles.set("nothing", []);
  const client = await env.connect({ roles: ["access-plugin", "nothing", "unknown"] });
  const roles = await client.stream("getCurrentUserRoles").ended;
  assert.ok(roles.code === "OK");
  const rules = roles.value.map(({ Metadata: metadata, Spec: spec }) => [
    metadata?.Name,
    spec?.Allow?.Rules.map(({ Resources, Verbs, Where }) => [Resources, Verbs, Where]),
    spec?.Allow?.ReviewRequests?.Roles,
    spec?.Deny?.Rules.map(({ Resources, Verbs }) => [Resources, Verbs]),
  ]);
  assert.deepEqual(rules, [
    [
      "access-plugin",
      [[["access_request"], ["read"], "a condition"]],
      ["*"],
      [[["access_request"], ["list"]]],
    ],
    ["nothing", [], undefined, []],
  ]);
});

Deno.test("AuthServer with a paused cache lags in watches and paged listings alone, and catches up", async () => {
  await using env = await startAuth();
  const client = await env.connect();
  const ids = async () => {
    const streamed = await client.stream("getAccessRequestsV2").ended;
    const paged = await client.call("listAccessRequests");
    assert.ok(streamed.code === "OK" && paged.code === "OK");
    return [streamed.value.length, paged.value.AccessRequests.length];
  };
  using early = client.stream("watchEvents", KINDS);
  await early.atLeast(1);
  const old = env.cluster.create({ user: "alice" }).Metadata?.Name ?? "";
  env.auth.cache.pause();
  env.cluster.create({ user: "bob" });
  env.cluster.delete(old);
  env.cluster.create({ user: "carol" });
  assert.deepEqual(await ids(), [2, 1]);
  using late = client.stream("watchEvents", KINDS);
  await late.atLeast(1);
  env.auth.cache.resume();
  env.auth.cache.resume();
  assert.deepEqual(await ids(), [2, 2]);
  env.cluster.create({ user: "dave" });
  const put = Operation.PUT;
  const types = (events: readonly { readonly Type: Operation }[]) => events.map(({ Type }) => Type);
  assert.deepEqual(
    types(await early.atLeast(6)),
    [Operation.INIT, put, put, Operation.DELETE, put, put],
  );
  assert.deepEqual(types(await late.atLeast(5)), [Operation.INIT, put, Operation.DELETE, put, put]);
});
