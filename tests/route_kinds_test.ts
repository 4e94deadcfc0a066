/** Routes that are limited to kinds of email: what the daemon sends, and what `route` says of it. */

import assert from "node:assert/strict";
import { route } from "../src/cli/route.ts";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { ask, dataOf, onStage, runCommand, tally, untilSettled } from "./support.ts";

const ROUTES = `
[[route]]
name = "page"
match = 'access_request.spec.roles.contains("page")'
recipients = "page@example.com"
on = ["new"]

[[route]]
name = "quiet"
match = 'access_request.spec.roles.contains("chatty")'
silence = true
on = ["review"]

[[route]]
name = "audit"
recipients = ["audit@example.com", "access_list_owners"]
on = ["resolution"]
`;

/** The emails of each request, by its role; the request for `dba` is promoted to an access list. */
const EMAILS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  dba: {
    "all@example.com": ["new", "review", "resolution"],
    "audit@example.com": ["resolution"],
    "own@example.com": ["resolution"],
  },
  page: { "page@example.com": ["new"], "audit@example.com": ["resolution"] },
  chatty: { "all@example.com": ["new", "resolution"], "audit@example.com": ["resolution"] },
};

Deno.test("The daemon sends the kinds of email that route tells for each recipient", async () => {
  const roleToRecipients = { "*": ["all@example.com"] };
  await onStage({ roleToRecipients }, async ({ playground, configure, start }) => {
    const { cluster, mail, paths: { config } } = playground;
    await configure((text) => text + ROUTES);
    cluster.accessLists.set({ name: "ops", owners: ["own@example.com", "carol"] });
    const plugin = await start();
    const ids = new Map(
      Object.keys(EMAILS).map((role) => [role, ask(playground, { roles: [role] })]),
    );
    for (const id of ids.values()) await untilSettled(playground, id);
    for (const id of ids.values()) {
      cluster.review(id, { author: "bob", state: RequestState.APPROVED });
      await untilSettled(playground, id);
    }
    await mail.waitForMails(4);
    for (const [role, id] of ids) {
      if (role === "dba") cluster.promote(id, { name: "ops", title: "Operations" });
      else cluster.setState(id, RequestState.DENIED);
    }
    const mails = await mail.waitForMails(10);
    for (const id of ids.values()) await untilSettled(playground, id);
    await plugin.stop();
    for (const [role, emails] of Object.entries(EMAILS)) {
      const id = ids.get(role)!;
      const sent = tally(
        mails.filter(({ parsed: { text, html } }) => `${text}${html}`.includes(id)),
      );
      const expected = Object.entries(emails)
        .flatMap(([to, kinds]) => kinds.map((kind) => [`${to} ${kind}`, 1]));
      assert.deepEqual(sent, Object.fromEntries(expected), role);
      // Those who got no first email have no thread that the original would go on with.
      assert.ok(!dataOf(playground, id)["email_threads"]?.includes("audit"));

      const options = { config, roles: [role], reviewers: [], json: true };
      const { stdout } = await runCommand((io) => route(options, io));
      const { recipients } = JSON.parse(stdout) as {
        recipients: readonly { address: string; emails?: readonly string[] }[];
      };
      const told = recipients.map(({ address, emails = ["new", "review", "resolution"] }) =>
        [address, emails] as const
      );
      // The owners are known with the promotion.
      const { "own@example.com": _, ...known } = emails;
      assert.deepEqual(Object.fromEntries(told), known);
    }
    assert.match(plugin.lines.join("\n"), /Owner of an access list is not an email address.*carol/);
  });
});
