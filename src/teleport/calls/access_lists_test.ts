import assert from "node:assert/strict";
import { errorOf, never, withCluster } from "../testing/with_cluster.ts";

Deno.test("TeleportClient lists access lists with their next audit, and their owners", async () => {
  await withCluster(async ({ cluster: { accessLists }, auth, client }) => {
    const nextAudit = new Date("2027-01-02T03:04:05Z");
    accessLists.set({
      name: "l1",
      title: "Production",
      description: "On call",
      owners: ["alice", "list:l2"],
      roles: ["dba"],
      nextAudit,
      remindBeforeMs: 90_061_500,
      months: 3,
      members: 7,
    });
    accessLists.set({ name: "l2", owners: ["bob"] });
    accessLists.set({ name: "l3" });
    auth.maxPageSize = 2;
    const lists = await client.listAccessLists(never);
    assert.deepEqual(lists.map(({ name }) => name), ["l1", "l2", "l3"]);
    assert.deepEqual(lists[0], {
      name: "l1",
      title: "Production",
      description: "On call",
      owners: [{ name: "alice", isAccessList: false }, { name: "l2", isAccessList: true }],
      roles: ["dba"],
      memberCount: 7,
      nextAuditMs: nextAudit.getTime(),
      remindBeforeMs: 90_061_500,
      auditMonths: 3,
    });
    assert.equal(lists[2]?.nextAuditMs, undefined);
    assert.deepEqual(await client.listAccessListOwners("l1", never), ["alice", "bob"]);
    assert.equal((await errorOf(client.listAccessListOwners("gone", never))).kind, "not-found");
  });
});

Deno.test("TeleportClient distinguishes an edition without access lists from a missing permission", async () => {
  await withCluster(async ({ cluster, auth, client }) => {
    cluster.roles.deny("access_list");
    assert.equal((await errorOf(client.listAccessLists(never))).kind, "denied");
    auth.advancedAccessWorkflows = false;
    assert.equal((await errorOf(client.listAccessLists(never))).kind, "unsupported");
    assert.equal((await errorOf(client.listAccessListOwners("l1", never))).kind, "unsupported");
  });
});

Deno.test("TeleportClient keeps plugin data of access lists apart from that of requests", async () => {
  await withCluster(async ({ cluster: { accessLists, pluginData }, client }) => {
    accessLists.set({ name: "l1" });
    const write = (name: string, set: Record<string, string>, expect: Record<string, string>) =>
      client.writeListRecord(name, set, expect, never);
    assert.equal(await write("l1", { a: "1" }, { a: "" }), "written");
    assert.equal(await write("l1", { a: "2" }, { a: "" }), "conflict");
    assert.equal(await write("gone", { a: "1" }, { a: "" }), "missing");
    assert.deepEqual(await client.readListRecord("l1", never), { a: "1" });
    assert.deepEqual(await client.readListRecord("gone", never), {});
    assert.deepEqual(await client.listListRecords(never), new Map([["l1", { a: "1" }]]));
    assert.deepEqual(await client.listRecords(never), new Map());
    pluginData.takesLists = false;
    assert.equal((await errorOf(client.listListRecords(never))).kind, "invalid");
  });
});
