/** Plugin data that the cluster refuses to change: nothing else waits for it. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { status } from "../src/cli/status.ts";
import { StatusSchema } from "../src/ops/status.ts";
import { hasGoCluster } from "./faults/go_process.ts";
import { scrape } from "./metrics/samples.ts";
import { onGoStage } from "./go_stage.ts";
import { ask, dataOf, listen, onStage, runCommand, until, untilSettled } from "./support.ts";

const RECIPIENTS = ["a@example.com", "b@example.com", "c@example.com"];
const STAGE = { roleToRecipients: { "*": RECIPIENTS } };

/** Fills the record of a request, as another plugin may do, so that it takes no more. */
function fill(playground: Parameters<typeof ask>[0], id: string): void {
  playground.cluster.pluginData.update({
    $typeName: "types.PluginDataUpdateParams",
    Kind: "access_request",
    Resource: id,
    Plugin: "other",
    Set: { text: "x".repeat(999_950) },
    Expect: {},
  });
}

Deno.test("Records that other plugins have filled hold up no other request, and are reported", async () => {
  await onStage(STAGE, async (stage) => {
    const { playground, start } = stage;
    const { mail, paths } = playground;
    const url = await listen(stage);
    const ids = Array.from({ length: 40 }, () => ask(playground));
    for (const id of ids) fill(playground, id);
    const plugin = await start();
    const refused = async () => {
      const response = await fetch(`${url}/status`);
      return v.parse(StatusSchema, await response.json()).unwritable?.requests ?? [];
    };
    await until("every write was refused", async () => (await refused()).length === ids.length);
    assert.equal(mail.mails.length, 0);
    const startMs = Date.now();
    const good = ask(playground);
    await mail.waitForMails(3);
    assert.ok(Date.now() - startMs < 5_000, "the other request was delayed");
    await untilSettled(playground, good);
    const [request] = await refused();
    assert.ok(ids.includes(request?.request_id ?? ""));
    assert.match(request?.error ?? "", /plugin data size limit exceeded/);
    const { samples } = await scrape(url);
    assert.equal(samples.get("teleport_email_unwritable_requests"), ids.length);
    const { stdout } = await runCommand((io) => status({ config: paths.config, json: false }, io));
    assert.match(stdout, /^unwritable +40 requests, the cluster refuses their plugin data$/m);
    assert.ok(plugin.lines.some((line) => /Cannot write plugin data.*size limit/.test(line)));
    assert.equal(await plugin.stop(), 0);
    assert.equal(dataOf(playground, ids[0] ?? "")["owed"], undefined);
  });
});

Deno.test({
  name: "On the Go cluster, 40 records whose second write is refused hold up no other request",
  ignore: !hasGoCluster(),
  fn: async () => {
    await onGoStage("1h", async ({ address, control, start, ask, mails, mailed }) => {
      const plugin = await start({ addr: address("auth") });
      await control("/refuse?on=1&from=2");
      await ask("n=40");
      await plugin.waitFor(/Cannot write plugin data.*size limit/, 60_000);
      await control("/refuse?on=0");
      const startMs = Date.now();
      const good = await ask();
      await mailed(good);
      assert.ok(Date.now() - startMs < 5_000, "the other request was delayed");
      const ids = (await mails()).map(({ messageId }) => messageId);
      assert.equal(new Set(ids).size, ids.length);
      assert.equal(await plugin.stop(), 0);
    });
  },
});
