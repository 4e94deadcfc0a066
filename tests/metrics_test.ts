/** `/metrics` of the real daemon. */

import assert from "node:assert/strict";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { scrape } from "./metrics/samples.ts";
import { ask, listen, onStage, until, untilSettled } from "./support.ts";

const MAILS = "teleport_email_emails_total";

Deno.test("Metrics after a known load equal what happened", async () => {
  const roleToRecipients = {
    slow: ["slow@example.com"],
    "*": ["a@example.com", "b@example.com", "no@example.com"],
  };
  await onStage({ roleToRecipients }, async (stage) => {
    const { playground, start } = stage;
    const { auth, cluster, mail } = playground;
    mail.denyRecipient("no@example.com", 550, "5.1.1 No such user");
    mail.denyRecipient("slow@example.com", 450, "4.2.0 Greylisted");
    const url = await listen(stage);
    const plugin = await start();
    const value = async (name: string) => (await scrape(url)).samples.get(name);
    assert.equal(await value(`${MAILS}{kind="new",outcome="accepted"}`), 0);

    const ids = Array.from({ length: 5 }, () => ask(playground));
    for (const id of ids) await untilSettled(playground, id);
    for (const id of ids) {
      cluster.review(id, { author: "bob", state: RequestState.APPROVED, reason: "fine" });
      await untilSettled(playground, id);
    }
    await until("10 mails of reviews", () => mail.mails.length >= 20);
    for (const id of ids.slice(1)) cluster.setState(id, RequestState.APPROVED);
    await until("8 mails of decisions", () => mail.mails.length >= 28);

    const slow = ask(playground, { roles: ["slow"] });
    await plugin.waitFor(/Mail deferred/);
    await until("one mail is owed", async () => await value("teleport_email_pending_emails") === 1);
    const oldest = await value("teleport_email_pending_emails_oldest_timestamp_seconds") ?? 0;
    assert.ok(Math.abs(Date.now() / 1000 - oldest) < 60);
    mail.allowRecipient("slow@example.com");
    cluster.setState(slow, RequestState.DENIED);
    await until("the decision is mailed", () => mail.mails.length >= 29);
    await untilSettled(playground, slow);

    // The answer is lost: the record is there, and the next write finds it.
    auth.loseAnswers("UpdatePluginData");
    ask(playground);
    await until("the mails of one more request", () => mail.mails.length >= 31);
    auth.dropWatches("UNAVAILABLE", "bye");
    await plugin.waitFor(/Watcher is connected again/);

    const settled = ["pending_emails", "queued_requests"].map((name) => `teleport_email_${name}`);
    await until("all is settled", async () => {
      const { samples } = await scrape(url);
      return settled.every((name) => samples.get(name) === 0);
    });
    const { samples } = await scrape(url);
    const mails = (outcome: string) =>
      ["new", "review", "resolution", "reopened"].map((kind) =>
        samples.get(`${MAILS}{kind="${kind}",outcome="${outcome}"}`)
      );
    assert.deepEqual(mails("accepted"), [12, 10, 9, 0]);
    assert.deepEqual(mails("failed"), [6, 0, 0, 0]);
    assert.deepEqual(mails("superseded"), [1, 0, 0, 0]);
    assert.deepEqual(mails("deleted"), [0, 0, 0, 0]);
    const all = (pattern: RegExp) =>
      [...samples].reduce((sum, [name, value]) => pattern.test(name) ? sum + value : sum, 0);
    assert.equal(all(/^teleport_email_send_duration_seconds_count\{outcome="accepted"/), 31);
    assert.equal(all(/^teleport_email_email_delay_seconds_count/), 31);
    const refused = all(/^teleport_email_send_refusals_total/);
    assert.equal(refused, all(/^teleport_email_send_duration_seconds_count\{outcome="refused"/));
    assert.equal(all(/^teleport_email_send_refusals_total.*retry="never"/), 6);
    assert.ok(refused >= 7);
    const one = (name: string) => samples.get(`teleport_email_${name}`);
    assert.equal(one('plugin_data_writes_total{outcome="conflict"}'), 1);
    assert.equal(one('plugin_data_writes_total{outcome="failed"}'), 1);
    assert.equal(one("watch_reconnects_total"), 1);
    assert.equal(one('cluster_connections_total{via="direct"}'), 1);
    assert.deepEqual(
      ["ready", "cluster_connected", "watch_live", "transport_paused", "failed_emails"].map(one),
      [1, 1, 1, 0, 6],
    );
    assert.equal(one("pending_emails_oldest_timestamp_seconds"), undefined);
    assert.equal(one("config_last_reload_successful"), 1);
    assert.ok((one("certificate_remaining_seconds") ?? 0) > 0);
    assert.ok((one("certificate_lifetime_seconds") ?? 0) > 0);
    assert.ok((samples.get("process_resident_memory_bytes") ?? 0) > 1e6);
    assert.equal(all(/^teleport_email_build_info\{version="/), 1);
  });
});
