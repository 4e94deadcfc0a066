/**
 * `deno task demo`: shows the program at work with a simulated cluster and mail server, the real plugin
 * as a separate process, three requests from creation to decision, and every email as it arrives.
 */

import { instructions } from "../cluster/cluster_command.ts";
import type { ReceivedMail } from "../mail/mailbox.ts";
import { type Playground, startPlayground } from "./playground.ts";
import { PluginProcess } from "./plugin_process.ts";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";

const encoder = new TextEncoder();

function say(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}

/** Counts what arrives and says it. */
class Watcher {
  #seen = 0;

  constructor(private readonly playground: Playground) {}

  /** Waits until `count` more mails are there, and shows them. */
  async expect(count: number): Promise<void> {
    const mails = await this.playground.mail.waitForMails(this.#seen + count, 10_000);
    for (const mail of mails.slice(this.#seen, this.#seen + count)) say(show(mail));
    this.#seen += count;
  }
}

/** The headers that matter, and the text part. */
function show({ parsed, tls, user }: ReceivedMail): string {
  const from = parsed.from;
  const headers = [
    `From: ${from?.name} <${from?.address}>`,
    `To: ${parsed.to?.map(({ address }) => address).join(", ")}`,
    `Subject: ${parsed.subject}`,
    `Message-ID: ${parsed.messageId}`,
    ...parsed.inReplyTo === undefined ? [] : [`In-Reply-To: ${parsed.inReplyTo}`],
  ];
  const by = `${tls ? "over TLS" : "in the clear"}${user === undefined ? "" : ` as ${user}`}`;
  const lines = [...headers, "", ...(parsed.text ?? "").trimEnd().split("\n")];
  return [`┌── a mail arrives ${by}`, ...lines.map((line) => `│ ${line}`), "└──"].join("\n");
}

async function play(playground: Playground): Promise<void> {
  const { cluster } = playground;
  const mails = new Watcher(playground);
  const create = (roles: string[], reason: string, reviewers: string[] = []) =>
    cluster.create({ user: "alice@example.com", roles, reason, reviewers })
      .Metadata?.Name ?? "";

  say("\n=== Alice asks for the roles dev and dba, and suggests Bob as a reviewer\n");
  const first = create(["dev", "dba"], "Rollout of release 7\nTicket OPS-1234", [
    "bob@example.com",
  ]);
  await mails.expect(3);
  say("\n=== Bob reviews the request: everybody is told, in the same thread\n");
  cluster.review(first, { author: "bob@example.com", state: RequestState.APPROVED, reason: "ok" });
  await mails.expect(3);
  say("\n=== It is approved\n");
  cluster.setState(first, RequestState.APPROVED, { reason: "Have a good rollout" });
  await mails.expect(3);

  say("\n=== Alice asks for the role dba, and that is denied\n");
  const second = create(["dba"], "Just curious");
  await mails.expect(1);
  cluster.setState(second, RequestState.DENIED, { reason: "Not without a ticket" });
  await mails.expect(1);

  say("\n=== Alice asks for the role dev, and nobody decides in time\n");
  const third = create(["dev"], "Look at the logs");
  await mails.expect(1);
  cluster.expire(third);
  await mails.expect(1);
}

function summary({ mail, auth }: Playground, sinceMs: number): string {
  const roots = mail.mails.filter(({ parsed }) => parsed.inReplyTo === undefined).length;
  const ids = new Set(mail.mails.map(({ parsed }) => parsed.messageId));
  const writes = auth.calls.get("UpdatePluginData") ?? 0;
  return [
    `\n=== Done in ${((Date.now() - sinceMs) / 1000).toFixed(1)} s: 3 requests, ` +
    `${mail.mails.length} mails in ${roots} threads,`,
    `    ${ids.size === mail.mails.length ? "none twice" : "SOME TWICE"}, ` +
    `${writes} writes of plugin data, ${mail.connections} mail connections open.`,
  ].join("\n");
}

async function untilInterrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = () => {
      Deno.removeSignalListener("SIGINT", stop);
      Deno.removeSignalListener("SIGTERM", stop);
      resolve();
    };
    Deno.addSignalListener("SIGINT", stop);
    Deno.addSignalListener("SIGTERM", stop);
  });
}

async function demo(keep: boolean): Promise<void> {
  const startMs = Date.now();
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-demo-" });
  try {
    await using playground = await startPlayground({ dir });
    say(
      `A simulated cluster listens at ${playground.proxy.address}, a mail server at 127.0.0.1:` +
        `${playground.mail.port}.\nThe plugin starts with this configuration:\n`,
    );
    say((await Deno.readTextFile(playground.paths.config)).replace(/^(?=.)/gm, "  "));
    await using plugin = new PluginProcess(playground.paths.config, {
      // It logs every mail, too; here the mail itself is shown.
      onLine: (line) => line.includes("Successfully sent") || say(`plugin: ${line}`),
    });
    await plugin.waitFor(/Plugin is ready/);
    await play(playground);
    say(summary(playground, startMs));
    if (keep) {
      say(
        `\n${
          instructions(playground).replace(
            /Start the plugin.*?\n\nThen, in a third one/s,
            "The plugin runs already. In a second terminal",
          )
        }`,
      );
      await untilInterrupted();
    }
    const code = await plugin.stop();
    if (code !== 0) throw new Error(`The plugin ended with code ${code}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

if (import.meta.main) await demo(Deno.args.includes("--keep"));
