import assert from "node:assert/strict";
import { ClusterError } from "../errors.ts";
import { never } from "../testing/with_cluster.ts";
import { findResources } from "./lookup.ts";
import type { Resource } from "./resource.ts";

function id(kind: string, name: string) {
  return { cluster: "any", kind, name, part: "" };
}

function resource(kind: string, name: string): Resource {
  return { kind, name, labels: new Map() };
}

Deno.test("findResources() asks once for each kind, and for the cluster of what is in Kubernetes", async () => {
  const asked: [string, readonly string[]][] = [];
  const lister = {
    listResources: (kind: string, names: readonly string[]) => {
      asked.push([kind, names]);
      return Promise.resolve(names.filter((n) => n !== "gone").map((n) => resource(kind, n)));
    },
  };
  const ids = [
    id("node", "a"),
    id("node", "gone"),
    id("pod", "k"),
    id("kube:ns:pods", "k"),
    id("kube_cluster", "k"),
  ];
  const found = await findResources(lister, ids, never);
  assert.deepEqual(asked, [["node", ["a", "gone"]], ["kube_cluster", ["k", "k", "k"]]]);
  assert.deepEqual(
    ids.map((one) => found.of(one)?.kind),
    ["node", undefined, "kube_cluster", "kube_cluster", "kube_cluster"],
  );
  assert.equal(found.failures.size, 0);
});

Deno.test("findResources() omits the kinds that it may not list, and no others", async () => {
  const denied = new ClusterError("denied", "no");
  const lister = {
    listResources: (kind: string, names: readonly string[]) =>
      kind === "user_group"
        ? Promise.reject(denied)
        : Promise.resolve(names.map((name) => resource(kind, name))),
  };
  const ids = [id("user_group", "g"), id("app", "a")];
  const found = await findResources(lister, ids, never);
  assert.deepEqual(ids.map((one) => found.of(one)?.name), [undefined, "a"]);
  assert.deepEqual([...found.failures], [["user_group", denied]]);
});

Deno.test("findResources() asks nothing when nothing is named", async () => {
  const lister = { listResources: () => assert.fail("asked") };
  assert.equal((await findResources(lister, [], never)).failures.size, 0);
});
