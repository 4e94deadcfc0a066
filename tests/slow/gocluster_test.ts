/** The program against a second opinion: a cluster and a mail server that others have written in Go. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { hasGoCluster } from "../faults/go_process.ts";
import { onGoStage } from "../go_stage.ts";

/** Which way leads where; `auto` comes first. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  auth: ["auto: direct", "direct"],
  proxy: ["auto: direct", "direct", "upgrade", "ssh"],
  ssh: ["auto: ssh", "ssh"],
  lb: ["auto: upgrade", "upgrade", "ssh"],
};

Deno.test({
  name:
    "Every address of the Go cluster delivers mails, by `auto` and by each way that leads there",
  ignore: !hasGoCluster(),
  fn: async () => {
    await onGoStage("1h", async ({ dir, address, start, ask, mailed }) => {
      for (const [name, ways] of Object.entries(WAYS)) {
        for (const row of ways) {
          const [via = "", way = via] = row.split(": ");
          const addr = address(name);
          const plugin = await start({ addr, via, "web_root_cas": join(dir, "web-ca.pem") });
          const line = await plugin.waitFor(/Connected to the cluster/);
          assert.match(line, new RegExp(`via:${way}\\b`), `${name} by ${via}`);
          await mailed(await ask());
          assert.equal(await plugin.stop(), 0);
        }
      }
    });
  },
});

Deno.test({
  name: "An identity of 25 s that is rewritten once keeps working, and no request is lost",
  ignore: !hasGoCluster(),
  fn: async () => {
    await onGoStage("25s", async ({ address, control, start, ask, mailed }) => {
      const startMs = performance.now();
      const reaches = (seconds: number) =>
        new Promise((resolve) => setTimeout(resolve, startMs + seconds * 1000 - performance.now()));
      const renewing = { "refresh_identity": true, "refresh_identity_interval": "1s" };
      const plugin = await start({ addr: address("proxy"), ...renewing });
      await mailed(await ask());
      await reaches(8);
      await control("/renew?ttl=1h");
      await plugin.waitFor(/Credentials were renewed/);
      await reaches(30);
      const before = await ask();
      await control("/drop");
      const meanwhile = await ask();
      await mailed(before);
      await mailed(meanwhile);
      assert.equal(await plugin.stop(), 0);
    });
  },
});

Deno.test({
  name: "The newer fields of the Go cluster's requests are in the mail, and ids without permission",
  ignore: !hasGoCluster(),
  fn: async () => {
    await onGoStage("1h", async ({ address, control, start, ask, mails, mailed }) => {
      const json = (value: unknown) => encodeURIComponent(JSON.stringify(value));
      const cluster = "gocluster.example.com";
      await control(`/resource?kind=node&name=n1&hostname=web-1&labels=${json({ env: "prod" })}`);
      const plugin = await start(
        { addr: address("auth") },
        { details: true, "time_zone": "America/New_York" },
        { "*": ["all@example.com", "bob@example.com"] },
      );
      const resources = json([
        { cluster, kind: "node", name: "n1", ssh: ["root"] },
        { cluster, kind: "app", name: "aws", "aws_console": ["arn:aws:iam::1:role/x"] },
        { cluster, kind: "windows_desktop", name: "w1", "windows_desktop": ["admin"] },
      ]);
      const thresholds = json([{ name: "two", approve: 2, deny: 1 }]);
      const times = "max_duration=4h&session_ttl=2h&assume_start=1h&resource_expiry=30m";
      const fields = `resources=${resources}&thresholds=${thresholds}&${times}`;
      const id = await ask(`${fields}&kind=long&access_list=ops&login_hint=root`);
      await mailed(id);
      const mailAbout = async (request: string) =>
        (await mails()).find(({ subject }) => subject?.includes(request)) ?? assert.fail();
      const { subject, text = "", html = "" } = await mailAbout(id);
      assert.equal(subject, `${cluster} Resource Request ${id}`);
      const facts = [
        /^You have a new Resource Request \(long-term\):/,
        /\n- Server web-1 \[env=prod\] \(logins: root\)\r?\n {2}\/gocluster\.example\.com\/node\/n1/,
        /\n- Application aws \(role ARNs: arn:aws:iam::1:role\/x\)/,
        /\n- Windows desktop w1 \(logins: admin\)/,
        /\nTerm: Long-term/,
        /\nLogin hint: root/,
        /\nAccess list: ops/,
        /\nMaximum duration: 4 hours, until .* UTC-[45]/,
        /\nAccess starts: .* UTC-[45] \(in /,
        /\nAccess ends: .* \(in (1 hour|59 minutes)\)/,
        /\nSession length: 2 hours, until /,
        /\nDecide before: .* \(in (30|29) minutes\)/,
        /\nApprovals: 0 of 2 approvals/,
        /\nAlso asked to review: (all|bob)@example\.com/,
      ];
      for (const fact of facts) assert.match(text, fact);
      // The HTML part has the same, whatever delivery.details says.
      for (
        const fact of [
          ...["web-1", "env=prod", "logins: root", "/gocluster.example.com/node/n1"],
          ...["role ARNs: arn:aws:iam::1:role/x", "Windows desktop", "logins: admin"],
          ...[
            "Resource Request (long-term)",
            "Long-term",
            "ops",
            "4 hours, until",
            "2 hours, until",
          ],
          ...["Login hint", "Access starts", "Access ends", "Decide before", "0 of 2 approvals"],
        ]
      ) assert.ok(html.includes(fact), fact);
      assert.doesNotMatch(text + html, /--approve/);

      await control(`/review?id=${id}&author=bob&state=APPROVED&reason=go&submitted_by=slack`);
      await mailed(id, /^bob reviewed the request/);
      await control(`/resolve?id=${id}&state=PROMOTED&access_list=ops&title=Operators&reason=ok`);
      await mailed(id, /has been resolved/);
      const about = async (what: RegExp) => {
        const found = (await mails()).find((mail) =>
          mail.subject === subject && what.test(mail.text ?? "")
        );
        return found ?? assert.fail(`no mail ${what}`);
      };
      const review = await about(/^bob reviewed the request/);
      for (
        const fact of [
          /\nReason: go\./,
          /\nSubmitted by: slack/,
          /\nStill missing: 1 more approval/,
        ]
      ) assert.match(review.text ?? "", fact);
      for (const fact of ["bob", "slack", "1 more approval", "Decide before"]) {
        assert.ok(review.html?.includes(fact), fact);
      }
      const end = await about(/has been resolved/);
      assert.match(end.text ?? "", /\nAccess list: Operators\r?\n[^]*Status: ✅ PROMOTED \(ok\)/);
      assert.match(end.html ?? "", /PROMOTED[^]*Operators/);

      await control("/resource?kind=node&denied=1");
      const other = await ask(`resources=${json([{ cluster, kind: "node", name: "n1" }])}`);
      await mailed(other);
      const withoutNames = await mailAbout(other);
      assert.match(
        withoutNames.text ?? "",
        /\n- Server n1\r?\n {2}\/gocluster\.example\.com\/node\/n1/,
      );
      await plugin.waitFor(/are shown by their ids: the role may not list them/);
      assert.equal(await plugin.stop(), 0);
    });
  },
});
