/** The program against a second opinion: a cluster and a mail server that others have written in Go. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { hasGoCluster } from "./faults/go_process.ts";
import { onGoStage } from "./go_stage.ts";

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
