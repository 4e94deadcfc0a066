/** Reminders of access list reviews by the real program. */

import assert from "node:assert/strict";
import { onStage, textOf, until } from "./support.ts";

const DAY_MS = 86_400_000;

Deno.test("start reminds owners of access lists that are due, each once with two replicas", async () => {
  await onStage({}, async ({ playground, start, configure }) => {
    const { cluster, mail } = playground;
    const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
    cluster.users.set("carol", { state: "login", traits: { email: ["carol@example.com"] } });
    cluster.accessLists.set({
      name: "l1",
      title: "Shop operators",
      owners: ["bob@example.com", "list:l3"],
      nextAudit: inDays(3),
      members: 12,
    });
    cluster.accessLists.set({
      name: "l2",
      owners: ["bob@example.com", "nobody"],
      nextAudit: inDays(-0.5),
    });
    cluster.accessLists.set({ name: "l3", owners: ["carol"], nextAudit: inDays(30) });
    await configure((text) =>
      text.replace("[delivery]\n", '[delivery]\nrequester_trait = "email"\n') +
      "\n[access_lists]\nremind = true\n"
    );
    const replicas = [await start(), await start()];
    const dataOf = (name: string) => cluster.pluginData.listEntry(name, "email");
    const isSettled = (name: string) =>
      dataOf(name)?.["reminded"] !== undefined && dataOf(name)?.["owed"] === undefined;
    await until("both lists are settled", () => isSettled("l1") && isSettled("l2"));
    const about = mail.mails.flatMap((mail) =>
      [...textOf(mail).matchAll(/^- (.*?)(?: \(12 members\))?$/gm)]
        .map(([, title]) => `${mail.envelope.to.join()} ${title}`)
    );
    assert.deepEqual(about.sort(), [
      "bob@example.com Shop operators",
      "bob@example.com l2",
      "carol@example.com Shop operators",
    ]);
    const carol = mail.mails.find(({ envelope }) => envelope.to.includes("carol@example.com"));
    assert.ok(carol);
    assert.match(
      carol.parsed.subject ?? "",
      /^sim\.example\.com Access list review: Shop operators$/,
    );
    assert.match(textOf(carol), /^ {2}Review due: .* \(in (2 days 23 hours|3 days)\)$/m);
    assert.match(textOf(carol), /^ {2}Link: https:\/\/.*\/web\/accesslists\/l1$/m);
    assert.match(carol.parsed.html || "", /Review the members<\/a>/);
    assert.equal(dataOf("l3"), undefined);
    for (const replica of replicas) assert.equal(await replica.stop(), 0);
    assert.equal(dataOf("l1")?.["owner"], undefined);
  });
});
