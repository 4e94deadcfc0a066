import assert from "node:assert/strict";
import { join } from "node:path";
import { createAuthority } from "../sim/pki/pki.ts";
import { issueServer } from "../sim/pki/identity.ts";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import {
  ask,
  dataOf,
  onStage,
  until,
  untilMailgunHas,
  untilSettled,
  useMailgun,
} from "./support.ts";

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

Deno.test("start trusts the machine's CAs for Mailgun, SSL_CERT_FILE included, and mailgun.root_cas", async () => {
  const authority = await createAuthority("Simulated Mailgun CA");
  await onStage({ mailgun: { tls: await issueServer(authority) } }, async (stage) => {
    const { playground, launch, configure } = stage;
    await useMailgun(stage);
    const ca = join(playground.paths.config, "..", "mailgun-ca.pem");
    await Deno.writeTextFile(ca, authority.certPem);
    const machine = launch([], { SSL_CERT_FILE: ca });
    await machine.waitFor(/Plugin is ready/);
    const first = ask(playground);
    await untilSettled(playground, first);
    await machine.stop();
    const plugin = launch();
    const second = ask(playground);
    const line = await plugin.waitFor(/Mail transport is paused/);
    assert.match(line, /UnknownIssuer.* category:tls .*mailgun\.root_cas/);
    await until("it is owed", () => dataOf(playground, second)["owed"] !== undefined);
    await configure((text) => text.replace("[mailgun]", `[mailgun]\nroot_cas = "${ca}"`));
    plugin.signal("SIGHUP");
    await untilSettled(playground, second);
    assert.equal(playground.mailgun.messages.length, 2);
  });
});
