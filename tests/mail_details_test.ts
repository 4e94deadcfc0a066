/** What emails tell beyond the original's facts, by the real program. */

import assert from "node:assert/strict";
import PostalMime from "postal-mime";
import type { ReceivedMail } from "../sim/mail/mailbox.ts";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { ask, dataOf, mailsTo, onStage, type Stage, textOf, untilSettled } from "./support.ts";

const HOUR_MS = 3_600_000;
const ONE = { roleToRecipients: { "*": ["all@example.com"] } };

async function withDetails({ configure }: Stage, more = ""): Promise<void> {
  await configure((text) =>
    text.replace(
      "[delivery]\n",
      `[delivery]\ndetails = true\ntime_zone = "Europe/Berlin"\n${more}`,
    )
  );
}

function htmlOf(mail: ReceivedMail | undefined): string {
  return mail?.parsed.html ?? assert.fail("no HTML");
}

Deno.test("A resource request is mailed with names, labels, constraints and times", async () => {
  await onStage(ONE, async (stage) => {
    const { playground, start } = stage;
    const { cluster, mail } = playground;
    await withDetails(stage);
    cluster.resources.set({
      kind: "node",
      name: "0b7e0a6e",
      hostname: "web-1",
      labels: { env: "prod" },
      dynamic: { load: "low" },
    });
    await start();
    const now = Date.now();
    const id = ask(playground, {
      roles: ["access"],
      reviewers: ["bob@example.com"],
      resources: [
        { kind: "node", name: "0b7e0a6e", logins: ["root"] },
        { kind: "kube_cluster", name: "prod", part: "ns/pod" },
        { kind: "node", name: "0b7e0a6e", cluster: "leaf.example.com" },
      ],
      kind: "short",
      thresholds: { approve: 2, deny: 1 },
      maxDuration: new Date(now + 4 * HOUR_MS),
    });
    const [first] = mailsTo(await mail.waitForMails(2), "all@example.com");
    assert.ok(first);
    assert.equal(first.parsed.subject, `sim.example.com Resource Request ${id}`);
    const text = textOf(first);
    const lines = [
      /^You have a new Resource Request:\n/,
      /\n- Server web-1 \[env=prod, load=low\] \(logins: root\)\n {2}\/sim\.example\.com\/node\/0b7e0a6e\n/,
      /\n- Kubernetes cluster prod\n {2}\/sim\.example\.com\/kube_cluster\/prod\/ns\/pod\n/,
      /\n- Server 0b7e0a6e\n {2}\/leaf\.example\.com\/node\/0b7e0a6e\n/,
      /\nTerm: Short-term\n/,
      /\nMaximum duration: 4 hours, until \w{3}, \d+ \w{3} \d{4}, \d\d:\d\d UTC\+[12]\n/,
      /\nDecide before: .* UTC\+[12] \(in (1 hour|59 minutes)\)\n/,
      /\nApprovals: 0 of 2 approvals\n/,
      /\nAlso asked to review: bob@example\.com\n/,
      /\n\nStatus: ⏳ PENDING$/,
    ];
    for (const line of lines) assert.match(text, line);
    const html = htmlOf(first);
    for (const fact of ["web-1", "env=prod", "logins: root", "0 of 2 approvals", "bob@example"]) {
      assert.ok(html.includes(fact), fact);
    }

    const review = { author: "bob@example.com", state: RequestState.APPROVED, reason: "go" };
    cluster.review(id, { ...review, submittedBy: "chat-plugin" });
    const [, reviewed] = mailsTo(await mail.waitForMails(4), "all@example.com");
    assert.ok(reviewed);
    assert.match(textOf(reviewed), /\nSubmitted by: chat-plugin\nStill missing: 1 more approval\n/);
    assert.ok(htmlOf(reviewed).includes("1 more approval"));

    cluster.review(id, { ...review, author: "carol@example.com" });
    await untilSettled(playground, id);
    const mails = mailsTo(await mail.waitForMails(8), "all@example.com");
    const resolved = mails.at(-1);
    assert.ok(resolved);
    assert.match(textOf(resolved), /^Resource Request has been resolved:\n/);
    assert.match(textOf(resolved), /\nDecided by: bob@example\.com, carol@example\.com\nDecided: /);
    assert.match(textOf(resolved), /\nAccess ends: .* UTC\+[12] \(in \d+ hours/);
    for (const { parsed } of mails) {
      assert.equal(parsed.subject, first.parsed.subject);
      if (parsed !== first.parsed) assert.equal(parsed.inReplyTo, first.parsed.messageId);
    }
  });
});

Deno.test("Without permission to list resources the email has their ids, and the log one warning", async () => {
  await onStage(ONE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    cluster.resources.set({ kind: "node", name: "0b7e0a6e", hostname: "web-1" });
    cluster.roles.deny("node");
    const plugin = await start();
    for (let n = 1; n <= 2; n++) {
      const id = ask(playground, { resources: [{ kind: "node", name: "0b7e0a6e" }] });
      await mail.waitForMails(n);
      await untilSettled(playground, id);
    }
    for (const received of mail.mails) {
      const html = htmlOf(received);
      assert.ok(html.includes("/sim.example.com/node/0b7e0a6e"));
      assert.ok(!html.includes("web-1"));
    }
    const warnings = plugin.lines.filter((line) => line.includes("are shown by their ids"));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /kinds:.*node.*access denied to perform action .*list/);
  });
});

Deno.test("Without delivery.details the text of a resource request is the original's", async () => {
  await onStage(ONE, async ({ playground, start }) => {
    await start();
    const id = ask(playground, {
      roles: ["dev"],
      reason: "why\nRequested: never",
      resources: [{ kind: "node", name: "n1" }],
      kind: "long",
      thresholds: { approve: 1, deny: 1 },
    });
    const [received] = await playground.mail.waitForMails(1);
    assert.ok(received);
    assert.equal(
      textOf(received),
      `You have a new Role Request:\n\nID: ${id}\nCluster: sim.example.com\n` +
        "User: alice@example.com\nRole(s): dev\nReason: why\nRequested: never\n" +
        `Link: https://localhost:${playground.proxy.port}/web/requests/${id}\n\n` +
        "Status: ⏳ PENDING",
    );
    assert.match(htmlOf(received), /Resource Request \(long-term\)/);
  });
});

Deno.test("An expired resource request keeps its subject after a restart", async () => {
  await onStage(ONE, async ({ playground, start }) => {
    const { cluster, mail } = playground;
    const plugin = await start();
    const id = ask(playground, { resources: [{ kind: "node", name: "n1" }] });
    await mail.waitForMails(1);
    await untilSettled(playground, id);
    assert.equal(dataOf(playground, id)["request_type"], "resource");
    assert.equal(await plugin.stop(), 0);
    cluster.expire(id);
    await start();
    const [first, expired] = await mail.waitForMails(2);
    assert.equal(expired?.parsed.subject, first?.parsed.subject);
    assert.equal(expired?.parsed.inReplyTo, first?.parsed.messageId);
    assert.match(expired ? textOf(expired) : "", /Status: ⌛ EXPIRED$/);
  });
});

Deno.test("Every email is read back with its headers, parts and charset, in short lines", async () => {
  await onStage(ONE, async (stage) => {
    const { playground, start } = stage;
    const { cluster, mail } = playground;
    await withDetails(stage, "notify_requester = true\nactions = true\n");
    await start();
    const reason = `Größe ✅ <script> "quoted" \u202e ${"x".repeat(5000)}`;
    const id = ask(playground, { reason, resources: [{ kind: "db", name: "Größe" }] });
    await mail.waitForMails(2);
    cluster.setState(id, RequestState.DENIED, { reason });
    const mails = await mail.waitForMails(4);
    for (const { raw: source, envelope } of mails) {
      for (const line of source.split("\r\n")) assert.ok(line.length < 998);
      const parsed = await PostalMime.parse(source);
      const header = (name: string) => parsed.headers.filter(({ key }) => key === name).length;
      for (const name of ["from", "to", "subject", "message-id", "date"]) {
        assert.equal(header(name), 1, name);
      }
      assert.equal(parsed.to?.[0]?.address, envelope.to[0]);
      assert.match(source, /^Content-Type: multipart\/alternative/mi);
      assert.equal([...source.matchAll(/charset=utf-8/gi)].length, 2);
      assert.match(parsed.text ?? "", /Größe ✅ <script> "quoted" \\u\{202e\} x{4000}/);
      assert.match(parsed.html ?? "", /Größe ✅ &lt;script&gt; &#34;quoted&#34; \\u\{202e\} x/);
    }
    const [asked, decided] = mailsTo(mails, "all@example.com");
    const [own, answer] = mailsTo(mails, "alice@example.com");
    assert.equal(decided?.parsed.inReplyTo, asked?.parsed.messageId);
    assert.equal(answer?.parsed.inReplyTo, own?.parsed.messageId);
    assert.notEqual(asked?.parsed.messageId, own?.parsed.messageId);
    assert.match(own ? textOf(own) : "", /\nAsked to review: all@example\.com\n/);
  });
});

Deno.test("The requester is mailed at the address of a table, of a trait, or of the name", async () => {
  await onStage(ONE, async (stage) => {
    const { playground, start, configure } = stage;
    const { cluster, mail } = playground;
    await configure((text) =>
      text.replace(
        "[delivery]\n",
        '[delivery]\nnotify_requester = true\nrequester_trait = "email"\n',
      ) + '\n[requester_addresses]\ncarol = "carol@example.org"\n'
    );
    const traits = { email: ["not an address", "Alice.Doe@example.org"] };
    cluster.users.set("alice", { state: "login", traits });
    await start();
    for (const user of ["alice", "carol", "dave@example.com", "erin"]) {
      await untilSettled(playground, ask(playground, { user }));
    }
    const to = (await mail.waitForMails(7)).flatMap(({ envelope }) => envelope.to);
    assert.deepEqual(to.filter((address) => address !== "all@example.com").sort(), [
      "Alice.Doe@example.org",
      "carol@example.org",
      "dave@example.com",
    ]);
  });
});

Deno.test("Reviewers are mailed though the role may not read the requester's address", async () => {
  await onStage(ONE, async (stage) => {
    const { playground, start, configure } = stage;
    const { cluster, mail } = playground;
    await configure((text) =>
      text.replace(
        "[delivery]\n",
        '[delivery]\nnotify_requester = true\nrequester_trait = "email"\n',
      )
    );
    cluster.roles.deny("user_login_state", true);
    await start();
    ask(playground, { user: "erin" });
    const id = ask(playground, { user: "alice@example.com" });
    const mails = await mail.waitForMails(3);
    assert.equal(mailsTo(mails, "all@example.com").length, 2);
    assert.match(mailsTo(mails, "alice@example.com")[0]?.parsed.subject ?? "", new RegExp(id));
  });
});
