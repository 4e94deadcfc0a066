/**
 * The program beside a cluster and a mail server in Go, built on Teleport's own API module. They are not
 * part of this repository: TELEPORT_EMAIL_GOCLUSTER names the folder of the cluster, beside which
 * `smtpsink` stands; without it `../shared` is used.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import PostalMime, { type Email } from "postal-mime";
import { stringify } from "smol-toml";
import { PluginProcess } from "../sim/playground/plugin_process.ts";
import { buildGo, GO_CLUSTER, type GoProcess, startGo } from "./faults/go_process.ts";
import { until } from "./support.ts";

type Settings = Readonly<Record<string, string | boolean>>;

/** A cluster, a mail server, and the program to start beside them. */
export interface GoStage {
  readonly dir: string;
  /** Calls the cluster's control API, and gives the answer. */
  control(path: string): Promise<unknown>;
  /** Where the cluster can be reached: `auth`, `proxy`, `ssh` or `lb`. */
  address(name: string): string;
  /** Starts the program with these settings of `[teleport]` and `[delivery]`; waits until it is ready. */
  start(
    teleport: Settings,
    delivery?: Settings,
    roleToRecipients?: Readonly<Record<string, readonly string[]>>,
  ): Promise<PluginProcess>;
  /** Creates a request, with further parameters of the control API, and returns its id. */
  ask(parameters?: string): Promise<string>;
  /** The mails so far, in the order of arrival. */
  mails(): Promise<readonly Email[]>;
  /** Waits for an email about a request, whose text matches. */
  mailed(id: string, text?: RegExp): Promise<void>;
  /** The plugin data of a request. */
  data(id: string): Promise<Readonly<Record<string, string>>>;
}

/** Runs a test on a stage of its own; `ttl` is the life of the client certificate, `flags` the cluster's. */
export async function onGoStage(
  ttl: string,
  test: (stage: GoStage) => Promise<void>,
  flags: readonly string[] = [],
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-gocluster-" });
  try {
    await using stack = new AsyncDisposableStack();
    const start = async (name: string, folder: string, args: readonly string[]) => {
      await buildGo(folder, join(dir, name));
      return stack.use(await startGo(join(dir, name), args));
    };
    const ca = join(dir, "mail-ca.pem");
    const sink = await start("smtpsink", join(GO_CLUSTER, "../smtpsink"), ["--cert-out", ca]);
    const cluster = await start("gocluster", GO_CLUSTER, ["--dir", dir, "--ttl", ttl, ...flags]);
    const [host = "", port] = address(sink, "smtp").split(":");
    const mails = async (): Promise<readonly Email[]> => {
      const sunk: readonly { data: string }[] =
        await (await sink.control("/messages", "GET")).json() ?? [];
      return await Promise.all(sunk.map(({ data }) => PostalMime.parse(data)));
    };
    await test({
      dir,
      control: async (path) => await (await cluster.control(path)).json(),
      address: (name) => address(cluster, name),
      start: async (teleport, delivery = {}, roleToRecipients = { "*": ["all@example.com"] }) => {
        const config = stringify({
          teleport: { identity: join(dir, "identity"), ...teleport },
          smtp: { host, port: Number(port), "root_cas": ca },
          delivery: { sender: "teleport@example.com", ...delivery },
          "role_to_recipients": roleToRecipients,
          log: { severity: "debug" },
        });
        const path = join(dir, "teleport-email.toml");
        await Deno.writeTextFile(path, config);
        const plugin = stack.use(new PluginProcess(path));
        await plugin.waitFor(/Plugin is ready/, 60_000);
        return plugin;
      },
      ask: async (parameters = "") => {
        const path = `/create?user=alice&roles=dev&${parameters}`;
        const [id] = await (await cluster.control(path)).json();
        return id;
      },
      mails,
      mailed: (id, text = /./) =>
        until(`a mail about ${id}, ${text}`, async () => {
          const found = await mails();
          return found.some((mail) => mail.subject?.includes(id) && text.test(mail.text ?? ""));
        }, 60_000),
      data: async (id) => {
        const data = await (await cluster.control("/data", "GET")).json();
        return data[id]?.email ?? {};
      },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function address({ addresses }: GoProcess, name: string): string {
  return addresses[name] ?? assert.fail(`no address '${name}'`);
}
