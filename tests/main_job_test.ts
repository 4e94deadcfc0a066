import assert from "node:assert/strict";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { ask, dataOf, mailsTo, onStage, textOf, untilSettled } from "./support.ts";

const REASON = "Rollout of release 7 – Größe äöü ✅\nsecond line";

for (const connectTo of ["auth", "proxy"] as const) {
  Deno.test(`start mails a request from beginning to end, connected to ${connectTo}`, async () => {
    await onStage({ connectTo }, async ({ playground, start }) => {
      const { cluster, mail, proxy } = playground;
      await start();
      const id = ask(playground, {
        roles: ["dev", "dba"],
        reason: REASON,
        reviewers: ["bob@example.com", "carol"],
      });
      const link = `https://localhost:${proxy.port}/web/requests/${id}`;
      const facts = [
        `ID: ${id}`,
        "Cluster: sim.example.com",
        "User: alice@example.com",
        "Role(s): dev,dba",
        `Reason: ${REASON}`,
        `Link: ${link}`,
      ];
      const recipients = ["all@example.com", "bob@example.com", "dev-lead@example.com"];

      const first = await mail.waitForMails(3);
      assert.deepEqual(first.map(({ envelope }) => envelope.to.join()).sort(), recipients);
      for (const { parsed, envelope, tls, user } of first) {
        assert.deepEqual([envelope.from, tls, user], ["teleport@example.com", true, "teleport"]);
        assert.equal(parsed.subject, `sim.example.com Role Request ${id}`);
        assert.deepEqual(parsed.from?.name, "Teleport");
        assert.match(parsed.messageId ?? "", /^<[0-9a-f]{40}@example\.com>$/);
        assert.equal(parsed.inReplyTo, undefined);
        // The root of the thread, which no email has.
        assert.match(parsed.references ?? "", /^<[0-9a-f]{40}@example\.com>$/);
      }
      for (const mail of first) {
        assert.equal(
          textOf(mail),
          ["You have a new Role Request:", "", ...facts, "", "Status: ⏳ PENDING"].join("\n"),
        );
      }

      const withReason = { author: "bob@example.com", state: RequestState.APPROVED, reason: "ok" };
      cluster.review(id, withReason);
      await mail.waitForMails(6);
      cluster.review(id, { author: "eve@example.com", state: RequestState.DENIED });
      await mail.waitForMails(9);
      cluster.setState(id, RequestState.APPROVED, { reason: "okay, go" });
      const all = await mail.waitForMails(12);
      await untilSettled(playground, id);
      cluster.delete(id);

      for (const recipient of recipients) {
        const [root, ...rest] = mailsTo(all, recipient);
        const [approval, denial, resolution] = rest.map(textOf);
        assert.match(
          approval ?? "",
          /^bob@example\.com reviewed the request at \d\d \w{3} \d\d \d\d:\d\d UTC\.\nResolution: ✅ APPROVED\.\nReason: ok\.$/,
        );
        assert.match(
          denial ?? "",
          /^eve@example\.com reviewed the request at .* UTC\.\nResolution: ❌ DENIED\.\n$/,
        );
        assert.equal(
          resolution,
          ["Role Request has been resolved:", "", ...facts, "", "Status: ✅ APPROVED (okay, go)"]
            .join("\n"),
        );
        for (const { parsed } of rest) {
          assert.equal(parsed.inReplyTo, root?.parsed.messageId);
          assert.equal(
            parsed.references,
            `${root?.parsed.references} ${root?.parsed.messageId}`,
          );
          assert.equal(parsed.subject, root?.parsed.subject);
        }
      }

      const { email_threads: threads, ...data } = dataOf(playground, id);
      assert.deepEqual(data, {
        user: "alice@example.com",
        roles: "dev,dba",
        request_reason: REASON,
        reviews_count: "2",
        resolution: "APPROVED",
        resolve_reason: "okay, go",
      });
      const items = (threads ?? "").split(",").map((item) => item.split("/"));
      assert.deepEqual(items.map(([recipient]) => recipient).sort(), recipients);
      for (const [recipient, time, messageId] of items) {
        assert.ok(Number.isFinite(Date.parse(time ?? "")), time);
        const [root] = mailsTo(all, recipient ?? "");
        assert.equal(`<${messageId}>`, root?.parsed.messageId);
      }
    });
  });
}

Deno.test("start gives tsh commands instead of a link where the cluster has no request pages", async () => {
  await onStage({}, async ({ playground, start }) => {
    playground.auth.advancedAccessWorkflows = false;
    await start();
    const id = ask(playground, { roles: ["dev"] });
    const [mail] = await playground.mail.waitForMails(1);
    assert.ok(mail);
    assert.equal(
      textOf(mail),
      [
        "You have a new Role Request:",
        "",
        `ID: ${id}`,
        "Cluster: sim.example.com",
        "User: alice@example.com",
        "Role(s): dev",
        `Approve: tsh request review --approve ${id}`,
        `Deny: tsh request review --deny ${id}`,
        "",
        "Status: ⏳ PENDING",
      ].join("\n"),
    );
  });
});

Deno.test("start sends denial, expiry and promotion, each once", async () => {
  await onStage({}, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    await start();
    const [denied, expired, promoted] = [ask(playground), ask(playground), ask(playground)];
    await mail.waitForMails(3);
    for (const id of [denied, expired, promoted]) await untilSettled(playground, id ?? "");
    cluster.setState(denied, RequestState.DENIED, { reason: "not okay" });
    cluster.delete(expired);
    cluster.promote(promoted, { name: "list", title: "Developers" }, "long term");
    const mails = await mail.waitForMails(6);
    // Neither of the two that are left brings another mail when it goes.
    cluster.delete(denied);
    cluster.delete(promoted);
    const last = ask(playground);
    const all = await mail.waitForMails(7);
    assert.match(all[6]?.parsed.subject ?? "", new RegExp(last));
    const statuses = mails.slice(3).map((mail) => textOf(mail).split("\n").at(-1)).sort();
    assert.deepEqual(statuses, [
      "Status: ⌛ EXPIRED",
      "Status: ✅ PROMOTED (long term)",
      "Status: ❌ DENIED (not okay)",
    ]);
    assert.equal(dataOf(playground, promoted)["resolution"], "PROMOTED");
  });
});

Deno.test("start sends reviews and the resolution that thresholds cause", async () => {
  for (const state of [RequestState.APPROVED, RequestState.DENIED]) {
    await onStage({}, async ({ playground, start }) => {
      const { cluster, mail } = playground;
      await start();
      const id = ask(playground, {
        reviewers: ["reviewer1@example.com"],
        thresholds: { approve: 2, deny: 2 },
      });
      await mail.waitForMails(2);
      cluster.review(id, { author: "reviewer1@example.com", state, reason: "okay" });
      await mail.waitForMails(4);
      cluster.review(id, { author: "reviewer2@example.com", state, reason: "finally" });
      const mails = await mail.waitForMails(8);
      const texts = mailsTo(mails, "all@example.com").map(textOf);
      const word = state === RequestState.APPROVED ? "✅ APPROVED" : "❌ DENIED";
      assert.match(
        texts[1] ?? "",
        new RegExp(`reviewer1@.*\\nResolution: ${word}.\\nReason: okay`),
      );
      assert.match(
        texts[2] ?? "",
        new RegExp(`reviewer2@.*\\nResolution: ${word}.\\nReason: final`),
      );
      assert.match(texts[3] ?? "", new RegExp(`Status: ${word} \\(finally\\)$`));
    });
  }
});

Deno.test("start keeps up when reviewers answer at once, without a superfluous mail", async () => {
  await onStage({}, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    await start();
    const reviewers = ["reviewer1@example.com", "reviewer2@example.com"];
    const ids = Array.from(
      { length: 8 },
      () => ask(playground, { reviewers, thresholds: { approve: 2, deny: 1 } }),
    );
    // Each reviewer approves as soon as their mail is there.
    const answered = new Set<string>();
    for await (const { parsed, envelope } of mail.mailbox) {
      const [to] = envelope.to;
      const id = parsed.subject?.split(" ").at(-1) ?? "";
      const isFirst = parsed.inReplyTo === undefined;
      if (isFirst && to !== undefined && reviewers.includes(to)) {
        cluster.review(id, { author: to, state: RequestState.APPROVED, reason: "okay" });
        answered.add(`${id} ${to}`);
      }
      if (answered.size === ids.length * reviewers.length) break;
    }
    const mails = await mail.waitForMails(ids.length * 12);
    for (const id of ids) await untilSettled(playground, id);
    assert.equal(mail.mails.length, ids.length * 12);
    assert.equal(new Set(mails.map(({ parsed }) => parsed.messageId)).size, mails.length);
    for (const id of ids) {
      const kinds = mails.filter(({ parsed }) => parsed.subject?.endsWith(id)).map((mail) => {
        const [first = ""] = textOf(mail).split("\n");
        return first.replace(/^.* reviewed .*$/, "review");
      });
      assert.equal(kinds.filter((kind) => kind.startsWith("You have a new")).length, 3);
      assert.equal(kinds.filter((kind) => kind === "review").length, 6);
      assert.equal(kinds.filter((kind) => kind.startsWith("Role Request has been")).length, 3);
    }
  });
});

Deno.test("start notifies the requester as well, reminds and warns when configured", async () => {
  await onStage({}, async ({ playground, start, configure }) => {
    const { cluster, mail } = playground;
    const keys = [
      "notify_requester = true",
      "html = false",
      'remind_after = ["1m"]',
      'warn_before_access_ends = "1h"',
    ];
    await configure((text) => text.replace("[delivery]\n", `[delivery]\n${keys.join("\n")}\n`));
    await start();
    const id = ask(playground);
    await mail.waitForMails(2);
    await untilSettled(playground, id);
    cluster.retime(id, { created: new Date(Date.now() - 90_000) });
    await mail.waitForMails(3);
    await untilSettled(playground, id);
    assert.equal(dataOf(playground, id)["reminded"], "60");
    cluster.review(id, { author: "bob", state: RequestState.APPROVED, reason: "go" });
    await mail.waitForMails(5);
    cluster.setState(id, RequestState.APPROVED, { reason: "ok" });
    await mail.waitForMails(7);
    await untilSettled(playground, id);
    cluster.retime(id, { accessExpires: new Date(Date.now() + 30 * 60_000) });
    const mails = await mail.waitForMails(8);
    const [submitted, reviewed, resolved, warned] = mailsTo(mails, "alice@example.com");
    assert.ok(submitted && reviewed && resolved && warned);
    assert.match(textOf(reviewed), /^bob reviewed the request at /);
    assert.equal(reviewed.parsed.inReplyTo, submitted.parsed.messageId);
    assert.match(textOf(submitted), /^Your Role Request has been submitted:/);
    assert.match(textOf(resolved), /^Your Role Request has been resolved:[^]*✅ APPROVED \(ok\)$/);
    assert.equal(resolved.parsed.inReplyTo, submitted.parsed.messageId);
    assert.match(textOf(warned), /^Access from your Role Request ends soon:[^]*in (29|30) minutes/);
    assert.equal(warned.parsed.inReplyTo, submitted.parsed.messageId);
    assert.equal(submitted.parsed.html, undefined);
    const [first, reminder] = mails.filter(({ envelope: { to } }) =>
      !to.includes("alice@example.com")
    );
    assert.ok(first && reminder);
    assert.match(textOf(reminder), /^A Role Request is still waiting for your review:/);
    assert.equal(reminder.parsed.inReplyTo, first.parsed.messageId);
    // The requester is no reviewer: the original must not write to them when it takes over.
    assert.ok(!(dataOf(playground, id)["email_threads"] ?? "").includes("alice"));
  });
});
