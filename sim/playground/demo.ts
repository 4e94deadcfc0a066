/**
 * `deno task demo`: shows the program at work with a simulated cluster and mail server, the real plugin
 * as a separate process, three requests from creation to decision, and every email as it arrives.
 */

import { setTimeout as pause } from "node:timers/promises";
import { instructions } from "../cluster/cluster_command.ts";
import {
  aborted,
  type CommandIo,
  orAborted,
  readOptions,
  readPort,
  runCommand,
  UsageError,
} from "./command.ts";
import { play, type Stage, summary } from "./demo_story.ts";
import { MailPrinter } from "./mail_printer.ts";
import { type Playground, startPlayground } from "./playground.ts";
import { PluginProcess } from "./plugin_process.ts";
import { populate } from "./web/sample_world.ts";
import { PlaygroundPage } from "./web/server.ts";
import { freePort } from "./serve.ts";

const USAGE = `Usage: deno task demo [--keep [--port PORT]] [--pause SECONDS]

Plays three access requests on a simulated cluster with the real plugin, and shows every email as it
arrives. Nothing leaves this machine.

  --keep           go on until Ctrl-C, with a page in the browser and a control API for curl
  --port PORT      port of the page (default: a free one)
  --pause SECONDS  time to read after each step (default: 3 on a terminal, otherwise 0)
  --help           print this help
`;

/** Plays the demo; with `--keep` until `signal` is aborted. */
export async function runDemo(
  args: readonly string[],
  { write, signal, isWatched }: CommandIo,
): Promise<void> {
  const values = readOptions(args, {
    keep: { type: "boolean", default: false },
    port: { type: "string" },
    pause: { type: "string", default: isWatched ? "3" : "0" },
    help: { type: "boolean", short: "h", default: false },
  });
  if (values.help) return write(USAGE);
  if (values.port !== undefined && !values.keep) throw new UsageError("--port needs --keep");
  const port = readPort("port", values.port ?? "0");
  const pauseMs = readSeconds("pause", values.pause) * 1000;
  const say = (text: string) => write(`${text}\n`);

  const startMs = Date.now();
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-demo-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const endpoints = `127.0.0.1:${freePort()}`;
  const moreConfig = values.keep ? { http: { listen: endpoints } } : {};
  const playground = stack.use(await startPlayground({ dir, moreConfig }));
  say(
    `A simulated cluster listens at ${playground.proxy.address}, a mail server at 127.0.0.1:` +
      `${playground.mail.port}.\nThe plugin starts with this configuration:\n`,
  );
  say((await Deno.readTextFile(playground.paths.config)).replace(/^(?=.)/gm, "  "));
  const plugin = stack.use(
    new PluginProcess(playground.paths.config, {
      detached: true,
      // It logs every mail, too; here the mail itself is shown.
      onLine: (line) => line.includes("Successfully sent") || say(`plugin: ${line}`),
    }),
  );
  const page = values.keep
    ? stack.use(servePage(playground, plugin, `http://${endpoints}`, port))
    : undefined;
  if (page !== undefined) say(`The page is at ${page.url}\n`);
  await orAborted(plugin.waitFor(/Plugin is ready/), signal);

  const mails = new MailPrinter(playground.mail.mailbox, say);
  const stage: Stage = {
    playground,
    say,
    mails,
    pause: async () => void await pause(pauseMs, undefined, { signal }),
  };
  await orAborted(play(stage), signal);
  say(summary(playground, startMs));
  if (page !== undefined) {
    say(`\nThe page is at ${page.url}\n\n${runningInstructions(playground)}`);
    await Promise.race([aborted(signal), mails.followAll()]);
  }
  const code = await plugin.stop();
  if (code !== 0) throw new Error(`The plugin ended with code ${code}`);
}

function servePage(
  playground: Playground,
  plugin: PluginProcess,
  url: string,
  port: number,
): PlaygroundPage {
  const world = populate(playground.cluster);
  return new PlaygroundPage({ playground, world, daemon: { url, process: plugin }, port });
}

/** As for `deno task cluster`, but the plugin runs already. */
function runningInstructions(playground: Playground): string {
  return instructions(playground).replace(
    /Start the plugin.*?\n\nThen, in a third one/s,
    "The plugin runs already. In a second terminal",
  );
}

function readSeconds(name: string, text: string): number {
  if (/^\d{1,3}(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a number of seconds up to 999, it is '${text}'`);
}

if (import.meta.main) await runCommand("demo", runDemo);
