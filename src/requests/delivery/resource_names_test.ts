import assert from "node:assert/strict";
import { ClusterError } from "../../teleport/errors.ts";
import type { Resource } from "../../teleport/resources/resource.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";
import { ResourceNames } from "./resource_names.ts";

const never = new AbortController().signal;

function resource(kind: string, cluster = "one") {
  return { cluster, kind, name: "n", part: "", constraints: [] };
}

function setUp(list: (kind: string, signal: AbortSignal) => Promise<readonly Resource[]>) {
  const clock = new FakeClock();
  const log = fakeLog();
  const asked: string[] = [];
  const lister = {
    listResources: (kind: string, _: readonly string[], signal: AbortSignal) => {
      asked.push(kind);
      return list(kind, signal);
    },
  };
  return {
    clock,
    log,
    asked,
    names: new ResourceNames({ clock, log, lister, clusterName: "one" }),
  };
}

const found = (kind: string) => Promise.resolve([{ kind, name: "n", labels: new Map() }]);

Deno.test("ResourceNames.find() looks up once for all mails of a request, and again later", async () => {
  const { clock, asked, names } = setUp(found);
  const of = async () => (await names.find("r1", [resource("node")], never)).of(resource("node"));
  const [first, second] = await Promise.all([of(), of()]);
  assert.equal(first?.name, "n");
  assert.equal(second, first);
  assert.deepEqual(asked, ["node"]);
  await clock.tick(11 * 60_000);
  await of();
  assert.deepEqual(asked, ["node", "node"]);
});

Deno.test("ResourceNames.find() asks nothing for other clusters", async () => {
  const { asked, names } = setUp(found);
  const leaf = resource("node", "leaf");
  assert.equal((await names.find("r1", [leaf], never)).of(leaf), undefined);
  assert.deepEqual(asked, []);
});

Deno.test("ResourceNames.find() warns once of what the role lacks, and goes on without names", async () => {
  let isDenied = true;
  const { log, names } = setUp((kind) =>
    isDenied ? Promise.reject(new ClusterError("denied", "no")) : found(kind)
  );
  const warnings = () => log.lines.filter((line) => line.level === "warn").length;
  const find = (id: string) => names.find(id, [resource("node"), resource("app")], never);
  assert.equal((await find("r1")).of(resource("node")), undefined);
  await find("r2");
  assert.equal(warnings(), 1);
  isDenied = false;
  assert.equal((await find("r3")).of(resource("app"))?.name, "n");
  isDenied = true;
  await find("r4");
  assert.equal(warnings(), 2);
});

Deno.test("ResourceNames.find() does not wait for a cluster that does not answer", async () => {
  const { clock, log, names } = setUp((_, signal) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(new ClusterError("unavailable", "cancelled")))
    )
  );
  const finding = names.find("r1", [resource("node")], never);
  await clock.tick(3_000);
  assert.equal((await finding).of(resource("node")), undefined);
  assert.equal(log.lines.filter((line) => line.level === "warn").length, 0);
});
