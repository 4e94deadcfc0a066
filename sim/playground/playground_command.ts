/** `deno task playground`: a page to play with the plugin, a simulated cluster and a mail server. */

import {
  aborted,
  type CommandIo,
  orAborted,
  readOptions,
  readPort,
  runCommand,
} from "./command.ts";
import { startPlayground } from "./playground.ts";
import { PluginProcess } from "./plugin_process.ts";
import { freePort } from "./serve.ts";
import { populate, SHOWCASE_CONFIG, SHOWCASE_RECIPIENTS } from "./web/sample_world.ts";
import { PlaygroundPage } from "./web/server.ts";

const USAGE = `Usage: deno task playground [--port PORT]

Starts a simulated Teleport cluster, a mail server and the plugin on 127.0.0.1, and serves a page to
make and decide access requests, to read the emails of all recipients, and to see what the plugin does.
Nothing leaves this machine. Ctrl-C ends it and removes its files.

  --port PORT  port of the page (default: a free one)
  --help       print this help
`;

/** Serves the page until `signal` is aborted. */
export async function runPlayground(
  args: readonly string[],
  { write, signal }: Pick<CommandIo, "write" | "signal">,
): Promise<void> {
  const values = readOptions(args, {
    port: { type: "string", default: "0" },
    help: { type: "boolean", short: "h", default: false },
  });
  if (values.help) return write(USAGE);
  const port = readPort("port", values.port);
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-playground-" });
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const endpoints = `127.0.0.1:${freePort()}`;
  const playground = stack.use(
    await startPlayground({
      dir,
      roleToRecipients: SHOWCASE_RECIPIENTS,
      moreConfig: { ...SHOWCASE_CONFIG, http: { listen: endpoints } },
    }),
  );
  const world = populate(playground.cluster);
  const plugin = stack.use(new PluginProcess(playground.paths.config, { detached: true }));
  const daemon = { url: `http://${endpoints}`, process: plugin };
  const page = stack.use(new PlaygroundPage({ playground, world, daemon, port }));
  await orAborted(plugin.waitFor(/Plugin is ready/), signal);
  write(`The playground is at ${page.url}\n\nCtrl-C ends it.\n`);
  const code = await Promise.race([aborted(signal), plugin.ended()]);
  if (code !== undefined && !signal.aborted) throw new Error(`The plugin ended with code ${code}`);
  write("Stopping.\n");
}

if (import.meta.main) await runCommand("playground", runPlayground);
