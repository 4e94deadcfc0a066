import assert from "node:assert/strict";
import { RESOURCE_KINDS } from "../../../sim/cluster/resource_store.ts";
import { errorOf, never, withCluster } from "../testing/with_cluster.ts";

Deno.test("TeleportClient.listResources() finds each kind by name, with all labels", async () => {
  await withCluster(async ({ cluster, client }) => {
    const { resources, roles } = cluster;
    roles.set("access-plugin", RESOURCE_KINDS.map((kind) => ({ kind, verbs: ["list"] })));
    for (const kind of RESOURCE_KINDS) {
      for (const name of ["one", "two"]) {
        resources.set({ kind, name, labels: { env: "prod", tier: "1" }, dynamic: { tier: "2" } });
      }
    }
    for (const kind of RESOURCE_KINDS) {
      const found = await client.listResources(kind, ["two", "gone"], never);
      const hasDynamic = !["windows_desktop", "user_group"].includes(kind);
      const labels = new Map([["env", "prod"], ["tier", hasDynamic ? "2" : "1"]]);
      assert.deepEqual(found, [{ kind, name: "two", labels }]);
    }
    assert.deepEqual(await client.listResources("node", [], never), []);
  });
});

Deno.test("TeleportClient.listResources() returns friendly names of nodes and of resources from Okta", async () => {
  await withCluster(async ({ cluster: { resources }, client }) => {
    const name = async (labels: Record<string, string>, hostname = "", description = "") => {
      resources.set({ kind: "node", name: "id", labels, hostname, description });
      return (await client.listResources("node", ["id"], never))[0]?.friendlyName;
    };
    assert.equal(await name({}, "web-1"), "web-1");
    assert.equal(await name({}), undefined);
    assert.equal(await name({}, "id"), undefined);
    const okta = { "teleport.dev/origin": "okta" };
    const app = { ...okta, "teleport.internal/okta-app-name": "Payroll" };
    assert.equal(await name({ ...app, "teleport.internal/okta-role-name": "x" }, "h"), "Payroll");
    assert.equal(await name({ ...okta, "teleport.internal/okta-group-name": "Ops" }), "Ops");
    assert.equal(await name(okta, "web-1", "All of sales"), "All of sales");
  });
});

Deno.test("TeleportClient.listResources() accepts any number of names of any letters", async () => {
  await withCluster(async ({ cluster: { resources }, auth, client }) => {
    const odd = ['quote"d', "back\\slash", "line\nbreak", "Größe ✅", "\ufeffmark", "a || b"];
    const names = [...odd, ...Array.from({ length: 600 }, (_, n) => `n${n}`)];
    for (const name of names) resources.set({ kind: "app", name });
    auth.maxPageSize = 150;
    const found = await client.listResources("app", [...names, ...odd], never);
    assert.deepEqual(found.map(({ name }) => name).sort(), [...names].sort());
  });
});

Deno.test("TeleportClient.listResources() distinguishes a forbidden kind from an unknown one", async () => {
  await withCluster(async ({ client }) => {
    const denied = await errorOf(client.listResources("user_group", ["x"], never));
    assert.equal(denied.kind, "denied");
    assert.match(denied.message, /^Cannot list resources of kind 'user_group' at .* "list" on /);
    const unknown = await errorOf(client.listResources("namespace", ["x"], never));
    assert.equal(unknown.kind, "unsupported");
  });
});
