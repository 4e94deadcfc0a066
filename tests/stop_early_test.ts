/** Being told to stop in every phase of the start. */

import assert from "node:assert/strict";
import type { PluginProcess } from "../sim/playground/plugin_process.ts";
import { ask, dataOf, onStage, type Stage, until } from "./support.ts";

/** Brings a start to a phase that does not end, and the program with it. */
interface Phase {
  readonly name: string;
  readonly begin: (stage: Stage, stack: DisposableStack) => Promise<PluginProcess>;
}

const NEVER_MS = 60_000;

const PHASES: readonly Phase[] = [
  {
    name: "while the program is loaded",
    begin: async ({ launch }) => {
      const plugin = launch();
      const read = (name: string) =>
        Deno.readTextFile(`/proc/${plugin.pid}/task/${plugin.pid}/${name}`);
      // Bit 14 of the caught signals is SIGTERM (proc(5), SigCgt).
      await until(
        "SIGTERM is caught",
        async () =>
          (BigInt("0x" + /SigCgt:\s*(\w+)/.exec(await read("status"))?.[1]) >> 14n & 1n) === 1n,
      );
      // The runtime catches it a moment before it knows the listener, and ends the process in between.
      const usedTicks = async () => {
        const fields = (await read("stat")).split(") ")[1]?.split(" ") ?? [];
        return Number(fields[11]) + Number(fields[12]);
      };
      const before = await usedTicks();
      await until("the program is loaded further", async () => await usedTicks() >= before + 2);
      return plugin;
    },
  },
  {
    name: "while the configuration cannot be read to its end",
    begin: async ({ playground, launch }) => {
      const { config } = playground.paths;
      await Deno.remove(config);
      await new Deno.Command("mkfifo", { args: [config] }).output();
      const plugin = launch();
      // Opening for writing waits for the reader.
      const writer = await Deno.open(config, { write: true });
      void plugin.ended().then(() => writer.close());
      return plugin;
    },
  },
  {
    name: "while a server accepts connections and never answers",
    begin: async ({ playground, launch, configure }, stack) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      stack.defer(() => listener.close());
      await configure((text) =>
        text.replace(playground.proxy.address, `127.0.0.1:${listener.addr.port}`)
      );
      const plugin = launch();
      const connection = await listener.accept();
      stack.defer(() => connection.close());
      return plugin;
    },
  },
  {
    name: "while the first call is not answered",
    begin: (stage) => silenced(stage, "Ping"),
  },
  {
    name: "while the watch does not begin",
    begin: (stage) => silenced(stage, "WatchEvents"),
  },
  {
    name: "while the listing does not end",
    begin: (stage) => silenced(stage, "GetAccessRequestsV2"),
  },
  {
    name: "while plugin data is not written",
    begin: (stage) => {
      ask(stage.playground);
      return silenced(stage, "UpdatePluginData");
    },
  },
];

async function silenced(
  { playground: { auth }, launch }: Stage,
  method: Parameters<typeof auth.setDelay>[0],
): Promise<PluginProcess> {
  auth.setDelay(method, NEVER_MS);
  const plugin = launch();
  await until(`${method} is called`, () => (auth.calls.get(method) ?? 0) > 0);
  return plugin;
}

for (const { name, begin } of PHASES) {
  Deno.test(`SIGTERM ${name} ends the program with code 0 in time`, async () => {
    using stack = new DisposableStack();
    await onStage({}, async (stage) => {
      const plugin = await begin(stage, stack);
      const startMs = Date.now();
      assert.equal(await plugin.stop(), 0, plugin.lines.join("\n"));
      const tookMs = Date.now() - startMs;
      assert.ok(tookMs < 16_000, `${tookMs} ms`);
    });
  });
}

Deno.test("SIGTERM during the first mail ends when the mail is accepted, and settles it", async () => {
  await onStage({}, async ({ playground, start }) => {
    const id = ask(playground);
    playground.mail.replyDelayMs = 200;
    const plugin = await start();
    await until("a mail is on its way", () => dataOf(playground, id)["owner"] !== undefined);
    assert.equal(await plugin.stop(), 0);
    const { owed, owner, email_threads: threads } = dataOf(playground, id);
    assert.deepEqual([owed === undefined, owner], [playground.mail.mails.length === 1, undefined]);
    assert.equal(threads !== undefined, playground.mail.mails.length === 1);
  });
});
