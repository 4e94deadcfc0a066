/**
 * `deno run -A bench/chaos.ts [SECONDS [REPLICAS]]`: real programs under steady traffic, while at random
 * they are reloaded, stopped and started, connections break, and the mail server refuses, delays or goes
 * away. Nothing of that excuses a lost mail; a second one is only due where an answer was cut off. Ends
 * with code 1 if a recipient of a recorded request has not got each mail.
 */

import type { ReceivedMail } from "../sim/mailbox.ts";
import { type Playground, startPlayground } from "../sim/playground.ts";
import { PluginProcess } from "../sim/plugin_process.ts";
import { RequestState } from "../src/teleport/generated/types_pb.ts";

const [seconds = 60, replicas = 2] = Deno.args.map(Number);
const RECIPIENTS = ["a@example.com", "b@example.com"];
const REQUEST_EVERY_MS = 200;
/** Long after a request was made: no outage here lasts so long that it could overtake the mails. */
const DECISION_MS = 60_000;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const below = (limit: number) => Math.floor(Math.random() * limit);

class Fleet implements AsyncDisposable {
  readonly #plugins: PluginProcess[] = [];

  constructor(private readonly config: string) {}

  async start(index = this.#plugins.length): Promise<void> {
    const plugin = new PluginProcess(this.config);
    this.#plugins[index] = plugin;
    await plugin.waitFor(/Plugin is ready/, 60_000);
  }

  any(): readonly [index: number, plugin: PluginProcess] {
    const index = below(this.#plugins.length);
    const plugin = this.#plugins[index];
    if (plugin === undefined) throw new Error("no program runs");
    return [index, plugin];
  }

  async restart(reloadBefore: boolean): Promise<void> {
    const [index, plugin] = this.any();
    if (reloadBefore) {
      plugin.signal("SIGHUP");
      await wait(below(300));
    }
    const code = await plugin.stop();
    if (code !== 0) say(`a program ended with code ${code}: ${plugin.lines.at(-1)}`);
    await this.start(index);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const plugin of this.#plugins) await plugin.stop();
  }
}

function troubles({ auth, mail, proxy, paths }: Playground, fleet: Fleet) {
  const reload = () => fleet.any()[1].signal("SIGHUP");
  return {
    reload,
    restart: () => fleet.restart(false),
    "restart while it reloads": () => fleet.restart(true),
    "change the configuration": async () => {
      const text = await Deno.readTextFile(paths.config);
      const isPlain = text.includes("html = false\n");
      const next = isPlain
        ? text.replace("html = false\n", "")
        : text.replace("[delivery]\n", "[delivery]\nhtml = false\n");
      await Deno.writeTextFile(paths.config, next);
      reload();
    },
    "end the watches": () => auth.dropWatches(),
    "break the connections": () => proxy.breakConnections(),
    "stop the mail server": async () => {
      await mail.stop();
      await wait(below(3000));
      await mail.start();
    },
    "refuse mails for now": () => mail.failNextMails(451, "4.3.0 later", 1 + below(10)),
    "refuse the sender": () => mail.failNextMails(550, "5.7.1 not you", 1 + below(5)),
    "delay the mail server": () => void (mail.replyDelayMs = below(2) * below(1500)),
  };
}

/** Makes a request, and sees to it that it is reviewed and ends. */
function play({ cluster }: Playground): readonly [id: string, end: string] {
  const id = cluster.create({ user: "alice@example.com", roles: ["dba"] }).Metadata?.Name ?? "";
  const review = { author: "bob@example.com", state: RequestState.APPROVED, reason: "ok" };
  setTimeout(() => cluster.review(id, review), below(DECISION_MS * 0.8));
  const state = below(2) === 0 ? RequestState.APPROVED : RequestState.DENIED;
  const expires = below(4) === 0;
  setTimeout(() => expires ? cluster.delete(id) : cluster.setState(id, state), DECISION_MS);
  return [id, expires ? "EXPIRED" : RequestState[state] ?? ""];
}

function kindOf({ parsed: { text = "" } }: ReceivedMail): string {
  if (text.startsWith("You have a new")) return "new";
  return text.startsWith("Role Request has") ? /Status: \S+ (\w+)/.exec(text)?.[1] ?? "" : "review";
}

/** Who lacks which mail, and how many mails came twice. */
function audit({ mail }: Playground, requests: ReadonlyMap<string, string>) {
  const counts = new Map<string, number>();
  for (const received of mail.mails) {
    const id = received.parsed.subject?.split(" ").at(-1);
    const key = `${id} ${received.envelope.to.join()} ${kindOf(received)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const due = [...requests].flatMap(([id, end]) =>
    RECIPIENTS.flatMap((to) => ["new", "review", end].map((kind) => `${id} ${to} ${kind}`))
  );
  return {
    lost: due.filter((key) => !counts.has(key)),
    unasked: [...counts.keys()].filter((key) => !due.includes(key)),
    repeated: mail.mails.length - counts.size,
  };
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const dir = await Deno.makeTempDir({ prefix: "teleport-email-chaos-" });
try {
  await using playground = await startPlayground({ dir, roleToRecipients: { "*": RECIPIENTS } });
  await using fleet = new Fleet(playground.paths.config);
  for (let i = 0; i < replicas; i++) await fleet.start();
  const { cluster, mail } = playground;
  const requests = new Map<string, string>();
  const traffic = setInterval(() => requests.set(...play(playground)), REQUEST_EVERY_MS);
  const choices = Object.entries(troubles(playground, fleet));
  for (const endMs = Date.now() + seconds * 1000; Date.now() < endMs; await wait(below(1500))) {
    const [name, make] = choices[below(choices.length)] ?? [];
    say(name ?? "");
    await make?.();
  }
  clearInterval(traffic);
  mail.replyDelayMs = 0;
  say(`${requests.size} requests, waiting for their end`);
  await wait(DECISION_MS);
  const isDone = (id: string) => {
    const { resolution, owed } = cluster.pluginData.entry(id, "email") ?? {};
    return resolution !== undefined && owed === undefined;
  };
  for (let i = 0; i < 600 && ![...requests.keys()].every(isDone); i++) await wait(200);
  const { lost, unasked, repeated } = audit(playground, requests);
  for (const key of [...lost, ...unasked]) say(`wrong: ${key}`);
  say(
    `${mail.mails.length} mails: ${lost.length} lost, ${unasked.length} wrong, ${repeated} twice`,
  );
  if (lost.length + unasked.length > 0) Deno.exitCode = 1;
} finally {
  await Deno.remove(dir, { recursive: true });
}
