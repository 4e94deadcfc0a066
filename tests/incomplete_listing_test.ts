/** Listings that lack requests: roles without `list`, lagging caches, and ends that were wrong. */

import assert from "node:assert/strict";
import { DEFAULT_ROLE } from "../sim/pki/identity.ts";
import { startAuthServer } from "../sim/auth/server.ts";
import { MINIMAL_ROLE } from "../sim/auth/rbac.ts";
import type { PluginProcess } from "../sim/playground/plugin_process.ts";
import type { Playground } from "../sim/playground/playground.ts";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { hasGoCluster } from "./faults/go_process.ts";
import { onGoStage } from "./go_stage.ts";
import { ask, dataOf, onStage, tally, textOf, until, untilSettled } from "./support.ts";

const INCOMPLETE = /Listing of access requests may be incomplete, it closes no request/;
const STAGE = { roleToRecipients: { "*": ["a@example.com", "b@example.com"] } };

/** Takes `list` on access requests from the program's role, or gives it back. */
function narrow({ cluster }: Playground, isNarrow = true): void {
  const role = MINIMAL_ROLE.map((rule) =>
    isNarrow && rule.kind === "access_request" ? { ...rule, verbs: ["read"] as const } : rule
  );
  const data = { kind: "access_plugin_data", verbs: ["list", "read", "update"] } as const;
  cluster.roles.set(DEFAULT_ROLE, [...role, data]);
}

/** Ends the watch and waits until the program has listed again. */
async function relist({ auth }: Playground, plugin: PluginProcess): Promise<void> {
  const connections = () =>
    plugin.lines.filter((line) => /Watcher is connected again/.test(line)).length;
  const before = connections();
  auth.dropWatches();
  await until("everything is listed again", () => connections() > before);
}

Deno.test("A role that loses `list` closes no request, and the approval is mailed", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    const plugin = await start();
    const id = ask(playground);
    await mail.waitForMails(2);
    await untilSettled(playground, id);
    narrow(playground);
    await relist(playground, plugin);
    await relist(playground, plugin);
    const errors = plugin.lines.filter((line) => INCOMPLETE.test(line));
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? "", /the roles do not grant 'list' on 'access_request'/);
    cluster.setState(id, RequestState.APPROVED);
    await mail.waitForMails(4);
    narrow(playground, false);
    await relist(playground, plugin);
    await plugin.waitFor(/Listing of access requests is complete again/);
    await untilSettled(playground, id);
    assert.deepEqual(tally(mail.mails), {
      "a@example.com new": 1,
      "b@example.com new": 1,
      "a@example.com resolution": 1,
      "b@example.com resolution": 1,
    });
    assert.equal(dataOf(playground, id)["resolution"], "APPROVED");
  });
});

Deno.test("A program started with a role that lacks `list` mails what it can, and closes nothing", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    const first = await start();
    const [open, decided] = [ask(playground), ask(playground)];
    await mail.waitForMails(4);
    for (const id of [open, decided]) await untilSettled(playground, id);
    await first.stop();
    narrow(playground);
    const second = await start();
    await second.waitFor(INCOMPLETE);
    cluster.setState(decided, RequestState.DENIED);
    cluster.delete(open);
    await mail.waitForMails(8);
    for (const id of [open, decided]) await untilSettled(playground, id);
    assert.equal(dataOf(playground, decided)["resolution"], "DENIED");
    assert.equal(dataOf(playground, open)["resolution"], "EXPIRED");
  });
});

Deno.test("A request that is missing from a narrowed listing is closed when it has expired", async () => {
  // Nothing deletes the request, so only its expiry tells.
  await onStage({ ...STAGE, sweepIntervalMs: 0 }, async ({ playground, start }) => {
    const { mail } = playground;
    const first = await start();
    const id = ask(playground, { expires: new Date(Date.now() + 8_000) });
    await mail.waitForMails(2);
    await untilSettled(playground, id);
    assert.match(dataOf(playground, id)["expires"] ?? "", /^\d{4}-\d\d-\d\dT/);
    await first.stop();
    narrow(playground);
    await start();
    assert.equal(mail.mails.length, 2);
    await mail.waitForMails(4, 30_000);
    await untilSettled(playground, id);
    assert.equal(dataOf(playground, id)["resolution"], "EXPIRED");
  });
});

Deno.test("A request that was deleted while nobody watched is closed by a complete listing", async () => {
  await onStage(STAGE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    const first = await start();
    const [kept, deleted] = [ask(playground), ask(playground)];
    await mail.waitForMails(4);
    for (const id of [kept, deleted]) await untilSettled(playground, id);
    await first.stop();
    cluster.delete(deleted);
    const second = await start();
    await mail.waitForMails(6);
    await untilSettled(playground, deleted);
    assert.equal(dataOf(playground, deleted)["resolution"], "EXPIRED");
    assert.equal(dataOf(playground, kept)["resolution"], undefined);
    assert.ok(!second.lines.some((line) => INCOMPLETE.test(line)));
  });
});

Deno.test("A replica on an auth server whose cache lags closes nothing that others have recorded", async () => {
  await onStage(STAGE, async ({ playground, start, configure }) => {
    const { cluster, mail, pki } = playground;
    await using lagging = await startAuthServer(cluster, pki);
    // The newer call alone reads the cache.
    lagging.setUnimplemented("GetAccessRequestsV2");
    await start();
    lagging.cache.pause();
    const id = ask(playground);
    await mail.waitForMails(2);
    await untilSettled(playground, id);
    await configure((text) => text.replace(/addr = ".*"/, `addr = "${lagging.address}"`));
    await start();
    const lookups = () => (lagging.calls.get("ListAccessRequests") ?? 0) - 1;
    await until("the missing request is looked up", () => lookups() === 1);
    cluster.setState(id, RequestState.APPROVED);
    await mail.waitForMails(4);
    lagging.cache.resume();
    await untilSettled(playground, id);
    assert.equal(dataOf(playground, id)["resolution"], "APPROVED");
    assert.equal(mail.mails.length, 4);
  });
});

Deno.test("A late event about a request that is gone corrects nothing", async () => {
  await onStage(STAGE, async ({ playground, start, configure }) => {
    const { cluster, mail, pki } = playground;
    await using lagging = await startAuthServer(cluster, pki);
    await start();
    const id = ask(playground);
    await mail.waitForMails(2);
    await untilSettled(playground, id);
    await configure((text) => text.replace(/addr = ".*"/, `addr = "${lagging.address}"`));
    const second = await start();
    lagging.cache.pause();
    cluster.review(id, { author: "bob", state: RequestState.APPROVED });
    // If the second replica mailed the request, the first waits for the end of that lease.
    await mail.waitForMails(4, 60_000);
    cluster.delete(id);
    await mail.waitForMails(6, 60_000);
    await untilSettled(playground, id);
    lagging.cache.resume();
    // The second replica has heard the review, and then the end.
    const last = ask(playground);
    await untilSettled(playground, last);
    assert.equal(await second.stop(), 0);
    assert.equal(dataOf(playground, id)["reopened"], undefined);
    assert.equal(mail.mails.length, 8);
  });
});

/** Has the record say that the request has expired, as a version that believed a listing wrote it. */
function closeFalsely({ cluster }: Playground, id: string): void {
  cluster.pluginData.update({
    Kind: "access_request",
    Resource: id,
    Plugin: "email",
    Set: { resolution: "EXPIRED" },
    Expect: {},
    $typeName: "types.PluginDataUpdateParams",
  });
}

for (const state of ["PENDING", "APPROVED"] as const) {
  Deno.test(`A false end is corrected in the thread when the request is seen again as ${state}`, async () => {
    await onStage(STAGE, async ({ playground, start }) => {
      const { cluster, mail, proxy } = playground;
      const first = await start();
      const id = ask(playground, { reason: "deploy" });
      await mail.waitForMails(2);
      await untilSettled(playground, id);
      await first.stop();
      closeFalsely(playground, id);
      if (state === "APPROVED") cluster.setState(id, RequestState.APPROVED, { reason: "okay" });
      await start();
      await mail.waitForMails(4);
      await untilSettled(playground, id);
      for (const to of STAGE.roleToRecipients["*"]) {
        const [news, correction] = mail.mails.filter(({ envelope }) => envelope.to.includes(to));
        assert.equal(correction?.parsed.inReplyTo, news?.parsed.messageId);
        assert.equal(correction?.parsed.subject, news?.parsed.subject);
        assert.equal(
          textOf(correction ?? assert.fail()),
          [
            state === "PENDING" ? "Role Request is open again:" : "Role Request has been resolved:",
            "",
            `ID: ${id}`,
            "Cluster: sim.example.com",
            "User: alice@example.com",
            "Role(s): dba",
            "Reason: deploy",
            `Link: https://localhost:${proxy.port}/web/requests/${id}`,
            "",
            state === "PENDING" ? "Status: ⏳ PENDING" : "Status: ✅ APPROVED (okay)",
            "",
            "An earlier email said that this request had expired. It had not.",
          ].join("\n"),
        );
      }
      const { reopened, resolution } = dataOf(playground, id);
      assert.deepEqual([reopened, resolution], ["1", state === "PENDING" ? undefined : state]);
    });
  });
}

Deno.test({
  name: "On the Go cluster, a narrowed listing closes nothing and the approval is mailed",
  ignore: !hasGoCluster(),
  fn: async () => {
    await onGoStage("1h", async ({ address, control, start, ask, mails, mailed, data }) => {
      const plugin = await start({ addr: address("auth") });
      const id = await ask();
      await mailed(id, /^You have a new/);
      await control("/narrow?on=1");
      await control("/drop");
      await plugin.waitFor(INCOMPLETE, 60_000);
      assert.equal(await plugin.stop(), 0);
      // What is known is in the record alone now.
      await start({ addr: address("auth") });
      assert.equal((await data(id))["resolution"], undefined);
      await control(`/resolve?id=${id}&state=APPROVED`);
      await mailed(id, /APPROVED/);
      assert.ok((await mails()).every(({ text }) => !text?.includes("EXPIRED")));
    });
  },
});
