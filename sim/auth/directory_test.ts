import assert from "node:assert/strict";
import { startAuthServer } from "./server.ts";
import { Cluster } from "../cluster/cluster.ts";
import { buildRule } from "../cluster/rule_store.ts";
import { issueIdentity } from "../pki/identity.ts";
import { createPki } from "../pki/pki.ts";
import { RpcClient } from "../testing/rpc_client.ts";
import { Operation } from "../../src/teleport/generated/auth_pb.ts";

const LIST_RULES = "AccessMonitoringRulesService.ListAccessMonitoringRulesWithFilter";
const OWN = { subjects: ["access_request"], notificationName: "email" };

async function startAuth(roles: readonly string[] = ["access-plugin"]) {
  const cluster = new Cluster();
  const pki = await createPki(cluster.name);
  const auth = await startAuthServer(cluster, pki);
  const client = new RpcClient(auth.address, await issueIdentity(pki, { roles: [...roles] }));
  return {
    cluster,
    auth,
    client,
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]();
      await auth[Symbol.asyncDispose]();
    },
  };
}

Deno.test("AuthServer lists rules by page and filter, for roles that may read them", async () => {
  await using env = await startAuth();
  const { client, cluster } = env;
  for (const name of ["a", "b", "c"]) cluster.rules.put({ name });
  cluster.rules.put({ name: "chat", notification: "slack" });
  cluster.rules.put({ name: "users", subjects: ["user"] });
  env.auth.maxPageSize = 2;
  const names = async (pageToken: string) => {
    const page = await client.call(LIST_RULES, { ...OWN, pageToken });
    assert.ok(page.code === "OK");
    return [page.value.rules.map((rule) => rule.metadata?.name), page.value.nextPageToken];
  };
  assert.deepEqual(await names(""), [["a", "b"], "c"]);
  assert.deepEqual(await names("c"), [["c"], ""]);
  const all = await client.call("AccessMonitoringRulesService.ListAccessMonitoringRules", {
    pageSize: 1n,
  });
  assert.ok(all.code === "OK");
  assert.deepEqual([all.value.rules.length, all.value.nextPageToken], [1, "b"]);
  cluster.roles.deny("access_monitoring_rule");
  assert.deepEqual(await client.call(LIST_RULES, OWN), {
    code: "PERMISSION_DENIED",
    message: 'access denied to perform action "list" on "access_monitoring_rule"',
  });
  cluster.roles.deny("access_monitoring_rule", false);
  assert.equal((await client.call(LIST_RULES, OWN)).code, "OK");
});

Deno.test("AuthServer checks rules that are written over the wire", async () => {
  await using env = await startAuth(["admin"]);
  const { client } = env;
  const service = "AccessMonitoringRulesService";
  const rule = buildRule({ name: "r", recipients: ["a@x.org"] });
  const create = () => client.call(`${service}.CreateAccessMonitoringRule`, { rule });
  assert.equal((await create()).code, "OK");
  assert.equal((await create()).code, "ALREADY_EXISTS");
  const broken = buildRule({ name: "r", condition: "nope" });
  const update = (changed: typeof rule) =>
    client.call(`${service}.UpdateAccessMonitoringRule`, { rule: changed });
  const refused = await update(broken);
  assert.ok(refused.code === "INVALID_ARGUMENT");
  assert.match(refused.message, /condition is invalid: .*unknown identifier: "nope"/s);
  assert.equal((await update(buildRule({ name: "other" }))).code, "NOT_FOUND");
  const upsert = { rule: buildRule({ name: "other" }) };
  assert.equal((await client.call(`${service}.UpsertAccessMonitoringRule`, upsert)).code, "OK");
  const got = await client.call(`${service}.GetAccessMonitoringRule`, { name: "r" });
  assert.ok(got.code === "OK");
  assert.deepEqual(got.value.spec?.notification?.recipients, ["a@x.org"]);
  const remove = { name: "r" };
  assert.equal((await client.call(`${service}.DeleteAccessMonitoringRule`, remove)).code, "OK");
  const again = await client.call(`${service}.DeleteAccessMonitoringRule`, remove);
  assert.deepEqual(again, {
    code: "NOT_FOUND",
    message: 'access_monitoring_rule "r" doesn\'t exist',
  });
});

Deno.test("AuthServer notifies watchers of rules, but not of those that changed silently", async () => {
  await using env = await startAuth();
  const Kinds = [{ Kind: "access_request" }, { Kind: "access_monitoring_rule" }];
  using stream = env.client.stream("watchEvents", { Kinds, AllowPartialSuccess: true });
  await stream.atLeast(1);
  env.cluster.rules.put({ name: "a" });
  env.cluster.rules.put({ name: "b" }, { silent: true });
  env.cluster.rules.delete("b", { silent: true });
  env.cluster.rules.put({ name: "c", condition: "" }, { unchecked: true });
  env.cluster.rules.delete("a");
  const events = await stream.atLeast(4);
  assert.deepEqual(
    events.slice(1).map(({ Type: type, Resource: resource }) => [
      type,
      resource.case === "AccessMonitoringRule"
        ? resource.value.metadata?.name
        : resource.case === "ResourceHeader" && resource.value.Metadata?.Name,
    ]),
    [[Operation.PUT, "a"], [Operation.PUT, "c"], [Operation.DELETE, "a"]],
  );
});

Deno.test("AuthServer of a role without rules confirms access requests alone", async () => {
  await using env = await startAuth();
  env.cluster.roles.deny("access_monitoring_rule");
  const Kinds = [{ Kind: "access_request" }, { Kind: "access_monitoring_rule" }];
  using partial = env.client.stream("watchEvents", { Kinds, AllowPartialSuccess: true });
  const [init] = await partial.atLeast(1);
  assert.ok(init?.Resource.case === "WatchStatus");
  assert.deepEqual(init.Resource.value.Spec?.Kinds.map(({ Kind: kind }) => kind), [
    "access_request",
  ]);
  const strict = await env.client.stream("watchEvents", { Kinds }).ended;
  assert.deepEqual(strict, {
    code: "PERMISSION_DENIED",
    message: 'access denied to perform action "read" on "access_monitoring_rule"',
  });
});

Deno.test("AuthServer gives a login state all traits, and a user the static ones", async () => {
  await using env = await startAuth();
  const { client, cluster: { users } } = env;
  users.set("alice", {
    state: "login",
    traits: { team: ["blue", "red"] },
    staticTraits: { team: ["blue"] },
  });
  users.set("bob", { state: "user", traits: { team: ["green"] } });
  users.set("eve", { state: "denied" });
  const loginState = (name: string) =>
    client.call("UserLoginStateService.GetUserLoginState", { name });
  const user = (name: string) => client.call("UsersService.GetUser", { name });
  const state = await loginState("alice");
  assert.ok(state.code === "OK");
  assert.deepEqual(state.value.spec?.traits.map(({ key, values }) => [key, values]), [
    ["team", ["blue", "red"]],
  ]);
  const alice = await user("alice");
  assert.ok(alice.code === "OK");
  assert.deepEqual(alice.value.user?.Spec?.Traits?.Values["team"]?.Values, ["blue"]);
  assert.equal((await loginState("bob")).code, "NOT_FOUND");
  const bob = await client.call("getUser", { Name: "bob" });
  assert.ok(bob.code === "OK");
  assert.deepEqual(bob.value.Spec?.Traits?.Values["team"]?.Values, ["green"]);
  assert.equal((await user("nobody")).code, "NOT_FOUND");
  assert.equal((await loginState("eve")).code, "PERMISSION_DENIED");
  env.cluster.roles.deny("user");
  assert.equal((await user("bob")).code, "PERMISSION_DENIED");
});

Deno.test("AuthServer lists resources by name with preview roles, and none without", async () => {
  await using env = await startAuth();
  const { client, cluster: { resources } } = env;
  for (const name of ["a", "b", "c"]) {
    resources.set({ kind: "db", name, labels: { env: "prod" }, dynamic: { load: "1" } });
  }
  const query = {
    ResourceType: "db_server",
    Limit: 10,
    PredicateExpression: 'resource.metadata.name == "a" || name == "c" || name == "q\\"x"',
    UsePreviewAsRoles: true,
  };
  const listed = await client.call("listResources", { ...query, NeedTotalCount: true });
  assert.ok(listed.code === "OK");
  const databases = listed.value.Resources.map(({ resource }) => {
    assert.ok(resource.case === "DatabaseServer");
    return resource.value.Spec?.Database?.Metadata?.Name;
  });
  assert.deepEqual([databases, listed.value.TotalCount], [["a", "c"], 2]);
  const blind = await client.call("listResources", { ...query, UsePreviewAsRoles: false });
  assert.ok(blind.code === "OK");
  assert.equal(blind.value.Resources.length, 0);
  const code = async (changes: Partial<typeof query>) =>
    (await client.call("listResources", { ...query, ...changes })).code;
  assert.equal(await code({ ResourceType: "app" }), "UNIMPLEMENTED");
  assert.equal(await code({ ResourceType: "user_group" }), "PERMISSION_DENIED");
  assert.equal(await code({ Limit: 0 }), "INVALID_ARGUMENT");
  assert.equal(await code({ PredicateExpression: "labels.env" }), "INVALID_ARGUMENT");
});

Deno.test("AuthServer lists access lists and their owners, on Enterprise", async () => {
  await using env = await startAuth();
  const { client, cluster: { accessLists } } = env;
  accessLists.set({ name: "l1", title: "One", owners: ["alice", "list:l2"], members: 3 });
  accessLists.set({ name: "l2", owners: ["bob", "alice", "list:l1"] });
  const lists = await client.call("AccessListService.ListAccessLists", { pageSize: 1 });
  assert.ok(lists.code === "OK");
  assert.deepEqual(
    [lists.value.accessLists.map((list) => list.spec?.title), lists.value.nextToken],
    [["One"], "l2"],
  );
  const owners = (accessList: string) =>
    client.call("AccessListService.GetAccessListOwners", { accessList });
  const answer = await owners("l1");
  assert.ok(answer.code === "OK");
  assert.deepEqual(answer.value.owners.map(({ name }) => name), ["alice", "bob"]);
  assert.equal((await owners("none")).code, "NOT_FOUND");
  env.auth.advancedAccessWorkflows = false;
  assert.equal((await owners("l1")).code, "UNIMPLEMENTED");
});

Deno.test("AuthServer of an old version has none of the newer services", async () => {
  await using env = await startAuth();
  env.auth.isOld = true;
  assert.deepEqual(await env.client.call(LIST_RULES, OWN), {
    code: "UNIMPLEMENTED",
    message: "unknown service teleport.accessmonitoringrules.v1.AccessMonitoringRulesService",
  });
  assert.equal((await env.client.call("listAccessRequests")).code, "UNIMPLEMENTED");
  assert.equal((await env.client.call("ping")).code, "OK");
  using stream = env.client.stream("watchEvents", { Kinds: [{ Kind: "access_request" }] });
  const [init] = await stream.atLeast(1);
  assert.equal(init?.Resource.case, undefined);
});
