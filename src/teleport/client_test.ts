import assert from "node:assert/strict";
import { identityFileText, issueIdentity } from "../../sim/pki/identity.ts";
import { startProxy } from "../../sim/proxy/proxy.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { RequestState } from "./generated/types_pb.ts";
import type { WatchEvent } from "./client.ts";
import { permission } from "./permissions.ts";
import { CLUSTER, connect, errorOf, never, pki, withCluster } from "./testing/with_cluster.ts";

Deno.test("TeleportClient.ping() returns the server's description of itself", async () => {
  await withCluster(async ({ auth, client }) => {
    auth.proxyPublicAddr = "proxy.example.com:443";
    assert.deepEqual(await client.ping(never), {
      clusterName: CLUSTER,
      version: auth.serverVersion,
      proxyPublicAddr: "proxy.example.com:443",
      advancedAccessWorkflows: true,
    });
  });
});

Deno.test("TeleportClient reaches the auth server through a proxy's TLS port", async () => {
  await withCluster(async ({ auth, identity }) => {
    await using proxy = await startProxy(pki, auth.address);
    using client = connect(proxy.address, identity);
    assert.equal((await client.ping(never)).clusterName, CLUSTER);
  });
});

Deno.test("TeleportClient.watch() gives INIT, then requests and deletions", async () => {
  for (const watchStatus of [true, false]) {
    await withCluster(async ({ cluster, auth, client }) => {
      auth.watchStatus = watchStatus;
      const stop = new AbortController();
      const events: WatchEvent[] = [];
      for await (const event of client.watch(stop.signal)) {
        events.push(event);
        if (event.type === "init") {
          const id = cluster.create({ user: "alice", roles: ["dev"] }).Metadata?.Name ?? "";
          cluster.setState(id, RequestState.APPROVED, { reason: "ok" });
          cluster.delete(id);
        }
        if (event.type === "delete") stop.abort();
      }
      assert.deepEqual(
        events.map((event) => event.type === "put" ? `put ${event.request.state}` : event.type),
        ["init", "put PENDING", "put APPROVED", "delete"],
      );
    });
  }
});

Deno.test("TeleportClient.watch() ends when the server ends it regularly", async () => {
  await withCluster(async ({ auth, client }) => {
    for await (const event of client.watch(never)) {
      assert.equal(event.type, "init");
      auth.dropWatches();
    }
    assert.equal(auth.openWatches, 0);
  });
});

Deno.test("TeleportClient.watch() considers an overflow temporary", async () => {
  await withCluster(async ({ auth, client }) => {
    const watch = async () => {
      for await (const _ of client.watch(never)) {
        auth.dropWatches("INVALID_ARGUMENT", "watcher is closed: buffer overflow");
      }
    };
    const error = await errorOf(watch());
    assert.ok(error.isTransient);
    assert.match(error.message, /buffer overflow/);
  });
});

Deno.test("TeleportClient.watch() names the missing permission", async () => {
  await withCluster(async ({ cluster, client }) => {
    cluster.roles.set("access-plugin", []);
    const error = await errorOf(Array.fromAsync(client.watch(never)));
    assert.equal(error.kind, "denied");
    assert.match(error.message, /needs the verbs 'list' and 'read' on 'access_request'/);
  });
});

Deno.test("TeleportClient.listRequests() lists all, with the newer call where the older is gone", async () => {
  await withCluster(async ({ cluster, auth, client, lines }) => {
    for (let i = 0; i < 3; i++) cluster.create({ user: `user${i}`, roles: ["dev"] });
    const users = async () => (await client.listRequests(never))?.map((r) => r.user).sort();
    assert.deepEqual(await users(), ["user0", "user1", "user2"]);
    auth.setUnimplemented("GetAccessRequestsV2");
    assert.deepEqual(await users(), ["user0", "user1", "user2"]);
    auth.setUnimplemented("ListAccessRequests");
    assert.equal(await users(), undefined);
    assert.equal(await users(), undefined);
    const warnings = lines.filter((line) => line.includes("continuing without it"));
    assert.equal(warnings.length, 2);
  });
});

Deno.test("TeleportClient retries a call that the server did not implement ten minutes ago", async () => {
  const clock = new FakeClock(Date.now());
  await withCluster(async ({ cluster, auth, client, lines }) => {
    cluster.create({ user: "alice" });
    const listed = async () => (await client.listRequests(never))?.length;
    const calls = () => auth.calls.get("GetAccessRequestsV2") ?? 0;
    for (const method of ["GetAccessRequestsV2", "ListAccessRequests"] as const) {
      auth.setUnimplemented(method);
    }
    assert.deepEqual([await listed(), await listed(), calls()], [undefined, undefined, 1]);
    await clock.tick(10 * 60_000);
    assert.deepEqual([await listed(), calls()], [undefined, 2]);
    auth.clearFaults();
    assert.equal(await listed(), undefined);
    clock.set(clock.now() - 3_600_000);
    assert.deepEqual([await listed(), calls()], [1, 3]);
    assert.deepEqual(lines.filter((line) => line.includes("call")), [
      "warn Server does not support a call, continuing without it",
      "warn Server does not support a call, continuing without it",
      "info Server supports the call now",
    ]);
  }, clock);
});

Deno.test("TeleportClient.listRequests() fails when it is cut off, and returns no partial list", async () => {
  await withCluster(async ({ cluster, auth, client }) => {
    for (let i = 0; i < 500; i++) cluster.create({ reason: "r".repeat(4000) });
    for (const method of ["GetAccessRequestsV2", "ListAccessRequests"] as const) {
      const stop = new AbortController();
      const [before, listing] = [auth.calls.get(method) ?? 0, client.listRequests(stop.signal)];
      while ((auth.calls.get(method) ?? 0) === before) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      stop.abort();
      const error = await errorOf(listing);
      assert.match(error.message, /the call was cancelled$/);
      auth.setUnimplemented("GetAccessRequestsV2");
      await client.listRequests(never);
    }
  });
});

Deno.test("TeleportClient.currentRoles() reads what the cluster's roles allow now", async () => {
  await withCluster(async ({ cluster, auth, client }) => {
    const mayList = async () => {
      const roles = await client.currentRoles(never);
      return roles && permission(roles, "access_request", "list");
    };
    assert.equal(await mayList(), "granted");
    cluster.roles.set("access-plugin", [{ kind: "access_request", verbs: ["read"] }]);
    assert.equal(await mayList(), "denied");
    const where = "a condition";
    cluster.roles.set("access-plugin", [{ kind: "access_request", verbs: ["list"], where }]);
    assert.equal(await mayList(), "conditional");
    auth.setUnimplemented("GetCurrentUserRoles");
    assert.equal(await mayList(), undefined);
  });
});

Deno.test("TeleportClient.listRequests() follows pages to the end", async () => {
  await withCluster(async ({ cluster, auth, client }) => {
    auth.setUnimplemented("GetAccessRequestsV2");
    for (let i = 0; i < 1100; i++) cluster.create({ user: "alice", roles: ["dev"] });
    assert.equal((await client.listRequests(never))?.length, 1100);
    assert.equal(auth.calls.get("ListAccessRequests"), 3);
  });
});

Deno.test("TeleportClient accepts an answer of more than 4 MiB", async () => {
  await withCluster(async ({ cluster, auth, client }) => {
    auth.setUnimplemented("GetAccessRequestsV2");
    const reason = "r".repeat(50_000);
    for (let i = 0; i < 120; i++) cluster.create({ user: "alice", roles: ["dev"], reason });
    assert.equal((await client.listRequests(never))?.length, 120);
  });
});

Deno.test("TeleportClient.writeRecord() is a compare-and-set on the plugin's own entry", async () => {
  await withCluster(async ({ cluster, client }) => {
    const id = cluster.create({ user: "alice", roles: ["dev"] }).Metadata?.Name ?? "";
    const expect = { user: "", owed: "" };
    assert.equal(
      await client.writeRecord(id, { user: "alice", owed: "x" }, expect, never),
      "written",
    );
    assert.equal(await client.writeRecord(id, { user: "bob" }, expect, never), "conflict");
    assert.equal(await client.writeRecord(id, { owed: "" }, { owed: "x" }, never), "written");
    assert.deepEqual(await client.readRecord(id, never), { user: "alice" });
    assert.deepEqual([...await client.listRecords(never)], [[id, { user: "alice" }]]);
    assert.equal(await client.writeRecord("nosuch", { user: "x" }, expect, never), "missing");
    assert.deepEqual(await client.readRecord("nosuch", never), {});
  });
});

Deno.test("TeleportClient reconnects after an outage of the server, with the identity of that time", async () => {
  await withCluster(async ({ auth, client, identity }) => {
    await client.ping(never);
    await auth.stop();
    const error = await errorOf(client.ping(never));
    assert.ok(error.isTransient, error.message);
    const renewed = await issueIdentity(pki, { user: "renewed" });
    await Deno.writeTextFile(identity, identityFileText(renewed));
    await auth.start();
    let info;
    for (let i = 0; info === undefined && i < 50; i++) {
      info = await client.ping(never).catch(() => undefined);
      if (info === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(info?.clusterName, CLUSTER);
  });
});
