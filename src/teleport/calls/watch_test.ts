import assert from "node:assert/strict";
import type { Setting } from "../testing/with_cluster.ts";
import { errorOf, never, withCluster } from "../testing/with_cluster.ts";
import { until } from "../../../sim/testing/test_clients.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import type { WatchEvent } from "./watch.ts";

const RULES = ["access_monitoring_rule"] as const;

/** Watches until the condition holds, doing something after INIT. */
async function eventsOf(
  { client }: Setting,
  afterInit: () => void,
  isLast: (event: WatchEvent<typeof RULES[number]>) => boolean,
): Promise<WatchEvent<typeof RULES[number]>[]> {
  const stop = new AbortController();
  const events: WatchEvent<typeof RULES[number]>[] = [];
  for await (const event of client.watch(stop.signal, RULES)) {
    events.push(event);
    if (event.type === "init") afterInit();
    if (isLast(event)) stop.abort();
  }
  return events;
}

Deno.test("TeleportClient.watch() reports rules along with requests, and that it does", async () => {
  await withCluster(async (setting) => {
    const { rules } = setting.cluster;
    const events = await eventsOf(setting, () => {
      rules.put({ name: "r1", condition: "true", recipients: ["a@x.org"] });
      setting.cluster.create();
      rules.delete("r1");
    }, ({ type }) => type === "delete-rule");
    assert.deepEqual(events.map(({ type }) => type), ["init", "put-rule", "put", "delete-rule"]);
    const [init, put, , gone] = events;
    assert.ok(init?.type === "init" && put?.type === "put-rule" && gone?.type === "delete-rule");
    assert.deepEqual(init.kinds, RULES);
    assert.equal(put.rule.name, "r1");
    assert.deepEqual(put.rule.notification, { name: "email", recipients: ["a@x.org"] });
    assert.equal(gone.name, "r1");
  });
});

Deno.test("TeleportClient.watch() continues without rules where role or server do not allow them", async () => {
  const refusals: readonly ((setting: Setting) => void)[] = [
    ({ cluster }) => cluster.roles.deny("access_monitoring_rule"),
    ({ auth }) => auth.isOld = true,
    ({ auth }) => {
      const words = 'access denied to perform action "read" on "access_monitoring_rule"';
      auth.failNext("WatchEvents", "PERMISSION_DENIED", words);
      auth.isOld = true;
    },
  ];
  for (const refuse of refusals) {
    await withCluster(async (setting) => {
      refuse(setting);
      const events = await eventsOf(setting, () => {
        setting.cluster.rules.put({ name: "r1" });
        setting.cluster.create();
      }, ({ type }) => type === "put");
      assert.deepEqual(events.map(({ type }) => type), ["init", "put"]);
      assert.ok(events[0]?.type === "init");
      assert.deepEqual(events[0].kinds, []);
    });
  }
});

Deno.test("TeleportClient.watch() considers all kinds confirmed where INIT names none", async () => {
  await withCluster(async (setting) => {
    setting.auth.watchStatus = false;
    const [init] = await eventsOf(setting, () => {}, () => true);
    assert.ok(init?.type === "init");
    assert.deepEqual(init.kinds, RULES);
  });
});

Deno.test("TeleportClient.watch() is refused where access requests may not be watched", async () => {
  await withCluster(async ({ cluster, client }) => {
    cluster.roles.set("access-plugin", [{ kind: "access_monitoring_rule", verbs: ["read"] }]);
    const error = await errorOf(Array.fromAsync(client.watch(never, RULES)));
    assert.equal(error.kind, "denied");
    assert.match(error.message, /'list' and 'read' on 'access_request'/);
  });
});

Deno.test("TeleportClient.watch() ignores rules that it did not ask for", async () => {
  await withCluster(async ({ cluster, client }) => {
    const stop = new AbortController();
    const types: string[] = [];
    for await (const event of client.watch(stop.signal)) {
      types.push(event.type);
      cluster.rules.put({ name: "r1" });
      if (event.type === "init") cluster.create();
      else stop.abort();
    }
    assert.deepEqual(types, ["init", "put"]);
  });
});

Deno.test("TeleportClient.watch() refuses a watch that does not confirm access requests", async () => {
  await withCluster(async ({ auth, client }) => {
    auth.unconfirmedKinds.add("access_request");
    for (const also of [[], RULES]) {
      const error = await errorOf(Array.fromAsync(client.watch(never, also)));
      assert.equal(error.kind, "denied");
      assert.match(
        error.message,
        /the server does not confirm the watch\. The role needs the verbs/,
      );
    }
    auth.unconfirmedKinds.clear();
    auth.unconfirmedKinds.add("access_monitoring_rule");
    for await (const event of client.watch(never, RULES)) {
      assert.deepEqual(event, { type: "init", kinds: [] });
      break;
    }
  });
});

Deno.test("TeleportClient.watch() waits fifteen seconds for INIT, and then no longer", async () => {
  const clock = new FakeClock(Date.now());
  await withCluster(async ({ auth, client, cluster }) => {
    auth.initDelayMs = 3_600_000;
    const watching = errorOf(Array.fromAsync(client.watch(never)));
    const begun = () => until(() => auth.openWatches === 1);
    await begun();
    await clock.tick(14_999);
    assert.equal(auth.openWatches, 1);
    await clock.tick(1);
    const error = await watching;
    assert.equal(error.kind, "unavailable");
    assert.match(error.message, /^Watcher initialization timed out$/);
    // What is let go is ended at the server, too.
    await until(() => auth.openWatches === 0);
    auth.initDelayMs = 0;
    const stop = new AbortController();
    const types: string[] = [];
    for await (const { type } of client.watch(stop.signal)) {
      types.push(type);
      if (type === "put") stop.abort();
      if (type !== "init") continue;
      // The limit is for the first event alone.
      await clock.tick(60_000);
      cluster.create({});
    }
    assert.deepEqual(types, ["init", "put"]);
  }, clock);
});
