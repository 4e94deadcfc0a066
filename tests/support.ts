/** A simulated cluster with mail servers, and the real program beside it. */

import assert from "node:assert/strict";
import type { ReceivedMail } from "../sim/mail/mailbox.ts";
import {
  type Playground,
  type PlaygroundOptions,
  startPlayground,
} from "../sim/playground/playground.ts";
import { PluginProcess } from "../sim/playground/plugin_process.ts";
import type { CliIo } from "../src/cli/io.ts";

export interface Stage {
  readonly playground: Playground;
  /** Starts the program and waits until it is ready. */
  start(): Promise<PluginProcess>;
  /** Starts the program and does not wait; `flags` are for `deno run`. */
  launch(
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
    flags?: readonly string[],
  ): PluginProcess;
  /** Changes the configuration file. */
  configure(change: (text: string) => string): Promise<void>;
}

/** What a stage has; `program` is an executable that is started instead of the sources. */
export interface StageOptions extends Omit<PlaygroundOptions, "dir"> {
  readonly program?: string;
}

/** Runs a test on a stage of its own; everything is stopped and removed afterwards. */
export async function onStage(
  { program, ...options }: StageOptions,
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-test-" });
  try {
    await using stack = new AsyncDisposableStack();
    const playground = stack.use(await startPlayground({ dir, ...options }));
    const config = playground.paths.config;
    const launch: Stage["launch"] = (args = [], env = {}, flags = []) =>
      stack.use(
        new PluginProcess(config, { args, env, flags, ...program !== undefined && { program } }),
      );
    await test({
      playground,
      launch,
      start: async () => {
        const plugin = launch();
        await plugin.waitFor(/Plugin is ready/);
        return plugin;
      },
      configure: async (change) => {
        await Deno.writeTextFile(config, change(await Deno.readTextFile(config)));
      },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Creates a request and returns its id. */
export function ask(
  { cluster }: Playground,
  request: Parameters<Playground["cluster"]["create"]>[0] = {},
): string {
  const created = cluster.create({ user: "alice@example.com", roles: ["dba"], ...request });
  return created.Metadata?.Name ?? "";
}

/** The text part as composed: on the wire it gets a final line end, and CRLF. */
export function textOf(mail: ReceivedMail): string {
  return (mail.parsed.text ?? "").replaceAll("\r\n", "\n").replace(/\n$/, "");
}

/** Mails to one recipient, in the order of arrival. */
export function mailsTo(mails: readonly ReceivedMail[], recipient: string): ReceivedMail[] {
  return mails.filter(({ envelope }) => envelope.to.includes(recipient));
}

/** Our entry in the plugin data of a request. */
export function dataOf({ cluster }: Playground, id: string): Record<string, string> {
  return { ...cluster.pluginData.entry(id, "email") };
}

/** Waits until the plugin data of a request owes nothing and has no lease. */
export async function untilSettled(
  playground: Playground,
  id: string,
  timeoutMs?: number,
): Promise<void> {
  await until(`request ${id} is settled`, () => {
    const data = dataOf(playground, id);
    return data["user"] !== undefined && data["owed"] === undefined;
  }, timeoutMs);
}

/** Waits until a condition holds. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!await holds()) {
    assert.ok(Date.now() < deadline, `not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Puts Mailgun in the place of SMTP. */
export async function useMailgun({ playground: { mailgun }, configure }: Stage): Promise<void> {
  await configure((text) =>
    text.replace(
      /\[smtp\][^[]*/,
      `[mailgun]\ndomain = "${mailgun.domain}"\nprivate_key = "${mailgun.key}"\n` +
        `base_url = "${mailgun.baseUrl}"\n\n`,
    )
  );
}

/** Waits until Mailgun has so many messages. */
export async function untilMailgunHas({ mailgun }: Playground, count: number): Promise<void> {
  await until(`${count} messages`, () => mailgun.messages.length >= count);
}

/** Who got which kind of mail how often: `recipient kind` to count. */
export function tally(mails: readonly ReceivedMail[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const mail of mails) {
    const key = `${mail.envelope.to.join()} ${kindOf(mail)}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** What a mail is about, by its words. */
export function kindOf(mail: ReceivedMail): string {
  const text = textOf(mail);
  if (text.startsWith("You have a new")) return "new";
  if (text.startsWith("Role Request has been resolved")) return "resolution";
  return / reviewed the request at /.test(text) ? "review" : "other";
}

/** Runs a command in this process, where it is quick, and gives what it said. */
export async function runCommand(
  command: (io: CliIo) => Promise<number>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  let stdout = "";
  let stderr = "";
  const code = await command({
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
  });
  return { code, stdout, stderr };
}

/** Has the daemon listen for HTTP, on a port that was free a moment ago; returns the base URL. */
export async function listen({ configure }: Stage): Promise<string> {
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  await configure((text) => `${text}\n[http]\nlisten = "127.0.0.1:${port}"\n`);
  return `http://127.0.0.1:${port}`;
}
