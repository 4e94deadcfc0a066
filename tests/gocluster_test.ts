/**
 * The program against a second opinion: a cluster and a mail server that others have written in Go, on
 * Teleport's own API module. They are no part of this repository: TELEPORT_EMAIL_GOCLUSTER names the
 * folder of the cluster, beside which `smtpsink` stands; without it `../shared` is looked at.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { stringify } from "smol-toml";
import { PluginProcess } from "../sim/playground/plugin_process.ts";
import { buildGo, GO_CLUSTER, type GoProcess, hasGoCluster, startGo } from "./faults/go_process.ts";
import { until } from "./support.ts";

const isThere = hasGoCluster();

interface Stage {
  readonly dir: string;
  /** Calls the cluster's control API. */
  control(path: string): Promise<Response>;
  /** Where the cluster can be reached: `auth`, `proxy`, `ssh` or `lb`. */
  address(name: string): string;
  /** Starts the program with these settings of `[teleport]` and waits until it is ready. */
  start(teleport: Readonly<Record<string, string | boolean>>): Promise<PluginProcess>;
  ask(): Promise<string>;
  /** Waits until somebody was mailed about a request. */
  mailed(id: string): Promise<void>;
}

async function onStage(ttl: string, test: (stage: Stage) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-gocluster-" });
  try {
    await using stack = new AsyncDisposableStack();
    const start = async (name: string, folder: string, args: readonly string[]) => {
      await buildGo(folder, join(dir, name));
      return stack.use(await startGo(join(dir, name), args));
    };
    const ca = join(dir, "mail-ca.pem");
    const sink = await start("smtpsink", join(GO_CLUSTER, "../smtpsink"), ["--cert-out", ca]);
    const cluster = await start("gocluster", GO_CLUSTER, ["--dir", dir, "--ttl", ttl]);
    const [host = "", port] = address(sink, "smtp").split(":");
    await test({
      dir,
      control: (path) => cluster.control(path),
      address: (name) => address(cluster, name),
      start: async (teleport) => {
        const config = stringify({
          teleport: { identity: join(dir, "identity"), ...teleport },
          smtp: { host, port: Number(port), "root_cas": ca },
          delivery: { sender: "teleport@example.com" },
          "role_to_recipients": { "*": ["all@example.com"] },
          log: { severity: "debug" },
        });
        const path = join(dir, "teleport-email.toml");
        await Deno.writeTextFile(path, config);
        const plugin = stack.use(new PluginProcess(path));
        await plugin.waitFor(/Plugin is ready/, 60_000);
        return plugin;
      },
      ask: async () => {
        const [id] = await (await cluster.control("/create?user=alice&roles=dev")).json();
        return id;
      },
      mailed: (id) =>
        until(`a mail about ${id}`, async () => {
          const response = await sink.control("/messages", "GET");
          const mails: readonly { readonly data: string }[] = await response.json() ?? [];
          return mails.some(({ data }) => data.includes(id));
        }, 60_000),
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function address({ addresses }: GoProcess, name: string): string {
  return addresses[name] ?? assert.fail(`no address '${name}'`);
}

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
  ignore: !isThere,
  fn: async () => {
    await onStage("1h", async ({ dir, address, start, ask, mailed }) => {
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
  ignore: !isThere,
  fn: async () => {
    await onStage("25s", async ({ address, control, start, ask, mailed }) => {
      const startMs = performance.now();
      const reaches = (seconds: number) =>
        new Promise((resolve) => setTimeout(resolve, startMs + seconds * 1000 - performance.now()));
      const renewing = { "refresh_identity": true, "refresh_identity_interval": "1s" };
      const plugin = await start({ addr: address("proxy"), ...renewing });
      await mailed(await ask());
      await reaches(8);
      await (await control("/renew?ttl=1h")).body?.cancel();
      await plugin.waitFor(/Credentials were renewed/);
      await reaches(30);
      const before = await ask();
      await (await control("/drop")).body?.cancel();
      const meanwhile = await ask();
      await mailed(before);
      await mailed(meanwhile);
      assert.equal(await plugin.stop(), 0);
    });
  },
});
