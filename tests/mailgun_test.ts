import assert from "node:assert/strict";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { ask, dataOf, onStage, untilMailgunHas, untilSettled, useMailgun } from "./support.ts";

for (const ignoreMessageId of [false, true]) {
  const whose = ignoreMessageId ? "Mailgun's own ids" : "our ids";
  Deno.test(`start sends by Mailgun, with threads under ${whose}`, async () => {
    await onStage({}, async (stage) => {
      const { playground } = stage;
      const { mailgun } = playground;
      mailgun.ignoreMessageId = ignoreMessageId;
      await useMailgun(stage);
      await stage.start();
      const id = ask(playground, { reason: "Größe ✅" });
      await untilMailgunHas(stage.playground, 1);
      await untilSettled(playground, id);
      playground.cluster.setState(id, RequestState.DENIED, { reason: "no" });
      await untilMailgunHas(playground, 2);
      await untilSettled(playground, id);

      const [first, second] = mailgun.messages;
      assert.ok(first && second);
      const field = (name: string, message = first) => message.fields.get(name);
      assert.deepEqual(field("from"), ["Teleport <teleport@example.com>"]);
      assert.deepEqual(field("to"), ["all@example.com"]);
      assert.deepEqual(field("subject"), [`sim.example.com Role Request ${id}`]);
      assert.deepEqual(field("o:require-tls"), ["true"]);
      assert.match(field("text")?.[0] ?? "", /^You have a new Role Request:[^]*Reason: Größe ✅/);
      assert.match(field("html")?.[0] ?? "", /Größe ✅/);
      assert.equal(field("h:In-Reply-To"), undefined);
      const bare = first.id.replace(/^<|>$/g, "");
      assert.deepEqual(field("h:In-Reply-To", second), [`<${bare}>`]);
      // The root of the thread, which the first email refers to as well, comes before.
      const [root = ""] = field("h:References") ?? [];
      const references = field("h:References", second)?.[0] ?? "";
      assert.ok(references.startsWith(`${root} `), references);
      assert.ok(references.endsWith(` <${bare}>`), references);
      assert.match(dataOf(playground, id)["email_threads"] ?? "", new RegExp(`/${bare}$`));
    });
  });
}

Deno.test("start waits as long as Mailgun asks for, and then sends", async () => {
  await onStage({}, async (stage) => {
    const { mailgun } = stage.playground;
    await useMailgun(stage);
    const plugin = await stage.start();
    mailgun.failNext(429, '{"message":"too many"}', { "Retry-After": "2" });
    const startMs = Date.now();
    ask(stage.playground);
    await plugin.waitFor(/Mail transport is paused.*category:rate-limit/);
    await untilMailgunHas(stage.playground, 1);
    assert.ok(Date.now() - startMs >= 2000);
    await plugin.waitFor(/Mail transport works again/);
  });
});
