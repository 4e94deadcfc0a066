/** The program under a stand-in for systemd: a notify socket, a watchdog, a journal. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { PluginProcess } from "../sim/playground/plugin_process.ts";
import { ask, onStage, type Stage, until } from "./support.ts";

/** Runs a test with a socket that notes what is sent to it, line by line. */
async function underSystemd(
  test: (stage: Stage & SystemdStage) => Promise<void>,
): Promise<void> {
  await onStage({}, async (stage) => {
    // Beside the configuration, where tests let it write.
    const path = join(dirname(stage.playground.paths.config), "notify");
    const socket = Deno.listenDatagram({ transport: "unixpacket", path });
    const told: string[] = [];
    const listening = (async () => {
      for await (const [bytes] of socket) told.push(...new TextDecoder().decode(bytes).split("\n"));
    })();
    try {
      await test({
        ...stage,
        told,
        launchNotified: (env = {}) => stage.launch([], { NOTIFY_SOCKET: path, ...env }),
        untilTold: (line, count = 1) =>
          until(
            `'${line}' is told ${count} times`,
            () => told.filter((other) => other === line).length >= count,
            20_000,
          ),
      });
    } finally {
      socket.close();
      await listening;
    }
  });
}

interface SystemdStage {
  readonly told: string[];
  launchNotified(env?: Record<string, string>): PluginProcess;
  untilTold(line: string, count?: number): Promise<void>;
}

const IDLE = "connected directly, 0 pending emails";

Deno.test("systemd receives READY once the watch is live, and STOPPING at the end", async () => {
  await underSystemd(async ({ playground: { auth }, launchNotified, told, untilTold }) => {
    // The watch is asked for, and becomes live when the test says so.
    auth.initDelayMs = 3_600_000;
    const plugin = launchNotified({ WATCHDOG_USEC: "200000" });
    await until("the watch is asked for", () => (auth.calls.get("WatchEvents") ?? 0) > 0);
    assert.ok(!told.includes("READY=1"));
    auth.initDelayMs = 0;
    auth.dropWatches();
    await untilTold("READY=1");
    await plugin.waitFor(/Plugin is ready/);
    await untilTold(`STATUS=${IDLE}`);
    told.length = 0;
    assert.equal(await plugin.stop(), 0);
    await untilTold("STOPPING=1");
    assert.ok(!told.some((line) => line.startsWith("READY")));
  });
});

Deno.test("systemd receives READY while the cluster is away, and the first mail leaves when it is back", async () => {
  await underSystemd(async ({ playground, launchNotified, told, untilTold }) => {
    const { auth, mail } = playground;
    await auth.stop();
    const plugin = launchNotified();
    await untilTold("READY=1");
    assert.ok(!plugin.lines.some((line) => line.includes("Plugin is ready")));
    assert.ok(told.some((line) => line.startsWith("STATUS=not connected")), told.join("\n"));
    ask(playground, { roles: ["dev"] });
    await auth.start();
    await mail.waitForMails(1);
    assert.equal(told.filter((line) => line === "READY=1").length, 1);
  });
});

Deno.test("systemd receives no READY from a start that fails", async () => {
  await underSystemd(async ({ playground, launchNotified, told, configure }) => {
    playground.cluster.roles.set("access-plugin", []);
    assert.equal(await launchNotified().ended(), 1);
    await configure((text) => `${text}\n[smtp`);
    assert.equal(await launchNotified().ended(), 78);
    assert.ok(!told.includes("READY=1"), told.join("\n"));
  });
});

Deno.test("systemd receives the state and the watchdog's signals", async () => {
  await underSystemd(async ({ playground, launchNotified, untilTold }) => {
    const { mail } = playground;
    const plugin = launchNotified({ WATCHDOG_USEC: "200000" });
    await plugin.waitFor(/Plugin is ready/);
    await untilTold("WATCHDOG=1", 5);
    await mail.stop();
    ask(playground, { roles: ["dev"] });
    await untilTold("STATUS=connected directly, mail is paused, 1 pending email");
    await mail.start();
    await untilTold(`STATUS=${IDLE}`, 2);
    await untilTold("WATCHDOG=1", 10);
  });
});

Deno.test("systemd receives the beginning and the end of a reload, whatever its result", async () => {
  await underSystemd(async ({ configure, launchNotified, told, untilTold }) => {
    const plugin = launchNotified({ WATCHDOG_USEC: "200000" });
    await plugin.waitFor(/Plugin is ready/);
    plugin.signal("SIGHUP");
    await untilTold("READY=1", 2);
    await configure((text) => `${text}\n[smtp`);
    plugin.signal("SIGHUP");
    await untilTold("STATUS=connected directly, the last reload failed, 0 pending emails");
    await untilTold("READY=1", 3);
    const words = told.filter((line) => /^(READY|RELOADING|MONOTONIC_USEC)=/.test(line));
    const reload = ["RELOADING", "MONOTONIC_USEC", "READY"];
    assert.deepEqual(words.map((line) => line.split("=")[0]), ["READY", ...reload, ...reload]);
    const usec = Number(words.find((line) => line.startsWith("MONOTONIC"))?.split("=")[1]);
    assert.ok(Math.abs(usec / 1e6 - Deno.osUptime()) < 60, `${usec} is far from now`);
  });
});

Deno.test("Without systemd nothing is logged about it; a missing socket is logged once", async () => {
  await onStage({}, async ({ launch }) => {
    const alone = launch();
    await alone.waitFor(/Plugin is ready/);
    assert.equal(await alone.stop(), 0);
    assert.doesNotMatch(alone.lines.join("\n"), /systemd/);
    const path = "/nonexistent/notify";
    const orphan = launch([], { NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" });
    await orphan.waitFor(/Plugin is ready/);
    assert.equal(await orphan.stop(), 0);
    const lines = orphan.lines.filter((line) => /WARN.*Cannot tell systemd.*nonexist/.test(line));
    assert.equal(lines.length, 1);
  });
});

Deno.test("In the journal there are priorities and no times, elsewhere the reverse", async () => {
  await onStage({}, async ({ playground, configure }) => {
    await configure((text) => text.replace("[teleport]", '[teleport]\nunknown = "x"'));
    const dir = await Deno.makeTempDir();
    // As systemd does it: the variable names what stderr is connected to.
    const script = `exec 2>"${dir}/$1"; case $1 in journal) JOURNAL_STREAM=$(stat -Lc %d:%i ` +
      `/dev/stderr); export JOURNAL_STREAM;; esac; shift; exec "$@"`;
    const log = async (name: string) => {
      const program = [Deno.execPath(), "run", "-A", "main.ts", "start", "-c"];
      const child = new Deno.Command("sh", {
        args: ["-c", script, "sh", name, ...program, playground.paths.config],
        cwd: new URL("..", import.meta.url),
        env: { NO_COLOR: "1" },
        stdin: "null",
        stdout: "null",
      }).spawn();
      const read = () => Deno.readTextFile(join(dir, name)).catch(() => "");
      try {
        await until(`ready in '${name}'`, async () => /is ready/.test(await read()));
      } finally {
        child.kill("SIGTERM");
        await child.status;
      }
      return await read();
    };
    try {
      const journal = await log("journal");
      assert.match(journal, /^<4>WARN {2}.*unknown/m);
      assert.match(journal, /^<6>INFO {2}Plugin is ready$/m);
      const file = await log("file");
      assert.match(file, /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}.*unknown/m);
      assert.doesNotMatch(file, /^</m);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
});
