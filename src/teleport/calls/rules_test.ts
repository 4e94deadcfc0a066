import assert from "node:assert/strict";
import { errorOf, never, withCluster } from "../testing/with_cluster.ts";

Deno.test("TeleportClient.listRules() lists those that notify this plugin of requests, page by page", async () => {
  await withCluster(async ({ cluster: { rules }, auth, client }) => {
    for (let i = 0; i < 25; i++) rules.put({ name: `r${String(i).padStart(2, "0")}` });
    rules.put({ name: "chat", notification: "slack" });
    rules.put({ name: "case", notification: "Email" });
    rules.put({ name: "user", subjects: ["user"] });
    rules.put({
      name: "both",
      subjects: ["user", "access_request"],
      states: ["approved"],
      condition: 'access_request.spec.roles.contains("dba")',
      recipients: ["a@x.org", "b@x.org"],
      automaticReview: { integration: "builtin", decision: "DENIED", reason: "no" },
      desiredState: "reviewed",
      schedules: {
        office: {
          timezone: "Europe/Berlin",
          shifts: [{ weekday: "Monday", start: "09:00", end: "17:00" }],
        },
      },
    });
    auth.maxPageSize = 10;
    const listed = await client.listRules(never);
    assert.equal(listed.length, 26);
    assert.deepEqual(listed.find(({ name }) => name === "both"), {
      name: "both",
      subjects: ["user", "access_request"],
      states: ["approved"],
      condition: 'access_request.spec.roles.contains("dba")',
      notification: { name: "email", recipients: ["a@x.org", "b@x.org"] },
      automaticReview: { integration: "builtin", decision: "DENIED", reason: "no" },
      desiredState: "reviewed",
      schedules: new Map([["office", {
        time: {
          timezone: "Europe/Berlin",
          shifts: [{ weekday: "Monday", start: "09:00", end: "17:00" }],
        },
      }]]),
    });
    const calls = auth.calls.get(
      "AccessMonitoringRulesService.ListAccessMonitoringRulesWithFilter",
    );
    assert.equal(calls, 3);
  });
});

Deno.test("TeleportClient.listRules() distinguishes a missing permission from a server without rules", async () => {
  await withCluster(async ({ cluster, auth, client }) => {
    cluster.rules.put({ name: "r1", schedules: { never: null } }, { unchecked: true });
    assert.deepEqual((await client.listRules(never))[0]?.schedules, new Map([["never", {}]]));
    cluster.roles.deny("access_monitoring_rule");
    const denied = await errorOf(client.listRules(never));
    assert.equal(denied.kind, "denied");
    assert.match(
      denied.message,
      /^Cannot list access monitoring rules at '.*': access denied to perform action "list"/,
    );
    auth.isOld = true;
    assert.equal((await errorOf(client.listRules(never))).kind, "unsupported");
    auth.isOld = false;
    await auth.stop();
    assert.ok((await errorOf(client.listRules(never))).isTransient);
  });
});

Deno.test("TeleportClient.listRules() ends when it is aborted between two pages", async () => {
  await withCluster(async ({ cluster: { rules }, auth, client }) => {
    for (let i = 0; i < 4; i++) rules.put({ name: `r${i}` });
    auth.maxPageSize = 1;
    const method = "AccessMonitoringRulesService.ListAccessMonitoringRulesWithFilter";
    auth.setDelay(method, 50);
    const stop = new AbortController();
    const listing = client.listRules(stop.signal);
    while ((auth.calls.get(method) ?? 0) < 2) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    stop.abort();
    assert.match((await errorOf(listing)).message, /the call was cancelled$/);
    assert.equal(auth.calls.get(method), 2);
  });
});
