/** What the program may do, and what it does. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { FLAGS } from "../../packaging/build/flags.ts";
import { addRuntime } from "../../packaging/build/launcher.ts";
import { scriptOf } from "../../packaging/build/loader.ts";
import { makeBundle } from "../../packaging/build/bundle.ts";
import { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { type Playground, startPlayground } from "../../sim/playground/playground.ts";
import { inFolder } from "./support/build.ts";
import { must, run } from "./support/command.ts";
import { bundleProbe, tryPermissions } from "./support/probe.ts";

Deno.test("the program may run nothing, load nothing, and read and write only what is listed", async () => {
  await inFolder(async (dir) => {
    const script = join(dir, "probe.cjs");
    await bundleProbe(script, "cjs");
    await Deno.writeTextFile(script, scriptOf(await Deno.readTextFile(script)));
    await addRuntime({ top: dir, work: dir, isNative: false }, script, Deno.execPath());
    await tryPermissions(join(dir, "teleport-email"), dir);
  });
});

interface Use {
  readonly permission: string;
  readonly value: string | null;
}

Deno.test("every granted permission is used, and no other", async () => {
  await inFolder(async (dir) => {
    await Deno.mkdir(join(dir, "bundle"));
    const source = { version: "0", gitRef: "", epoch: 0 };
    const { script } = await makeBundle(join(dir, "bundle"), source);
    await addRuntime({ top: dir, work: dir, isNative: false }, script, Deno.execPath());
    const program = join(dir, "teleport-email");
    // Each process truncates its file.
    const audits: string[] = [];
    await useEverything(program, dir, () => {
      audits.push(join(dir, `audit-${audits.length}.jsonl`));
      return { DENO_AUDIT_PERMISSIONS: audits.at(-1) ?? "" };
    });
    const lines = await Promise.all(audits.map((path) => Deno.readTextFile(path)));
    const uses: Use[] = lines.join("").trimEnd().split("\n").map((line) => JSON.parse(line));
    const used = (permission: string) =>
      [...new Set(uses.filter((use) => use.permission === permission).map(({ value }) => value))]
        .sort();

    const kinds = new Set(uses.map(({ permission }) => permission));
    assert.deepEqual([...kinds].sort(), ["env", "net", "read", "sys", "write"]);
    // Deno gives this one to everybody, without a note.
    assert.deepEqual(used("env"), granted("env").filter((name) => name !== "NO_COLOR"));
    assert.deepEqual(used("sys"), granted("sys"));
    const isGranted = (path: string) =>
      granted("write").some((root) => path === root || path.startsWith(`${root}/`));
    assert.deepEqual(written(uses).filter((path) => !isGranted(path)), []);
  });
});

function granted(kind: string): string[] {
  const flag = FLAGS.find((flag) => flag.startsWith(`--allow-${kind}=`)) ?? "=";
  return flag.slice(flag.indexOf("=") + 1).split(",").sort();
}

/** The audit notes "write" after each "read" of a path; what is written to is not read before. */
function written(uses: readonly Use[]): string[] {
  return uses.flatMap(({ permission, value }, index) => {
    const before = uses[index - 1];
    const isRead = before?.permission === "read" && before.value === value;
    return permission === "write" && !isRead && value !== null ? [value] : [];
  });
}

/** Plays all commands, and a daemon that mails by SMTP, reloads, and mails by Mailgun. */
async function useEverything(
  program: string,
  dir: string,
  audited: () => Readonly<Record<string, string>>,
): Promise<void> {
  await using playground = await startPlayground({ dir });
  const { config } = playground.paths;
  const isRoot = Deno.uid() === 0;
  const log = `/var/log/teleport-email-test-${Deno.pid}.log`;
  if (isRoot) await edit(config, 'output = "stderr"', `output = "${log}"`);
  try {
    const ready = async (text: string) => {
      if (isRoot) {
        await until(
          async () => (await Deno.readTextFile(log).catch(() => "")).includes(text),
          text,
        );
      }
    };
    // A path like systemd's; the program accepts that nothing listens there.
    const systemd = { NOTIFY_SOCKET: "/run/systemd/notify", WATCHDOG_USEC: "30000000" };
    await using plugin = new PluginProcess(config, { program, env: { ...audited(), ...systemd } });
    const logged = isRoot ? ready : (text: string) => plugin.waitFor(new RegExp(text));
    await logged("Plugin is ready");
    await mailOne(playground, () => playground.mail.mails.length);
    await must([program, "test-mail", "--config", config, "a@example.com"], { env: audited() });
    await useMailgun(playground);
    plugin.signal("SIGHUP");
    await logged("Using Mailgun");
    await mailOne(playground, () => playground.mailgun.messages.length);
    assert.equal(await plugin.stop(), 0);
  } finally {
    await Deno.remove(log).catch(() => {});
  }
  const configured = [["check"], ["status"], ["health"], ["preview"], ["route", "--roles", "dba"]];
  for (const [command = "", ...args] of configured) {
    const { code, stderr } = await run([program, command, "--config", config, ...args], {
      env: audited(),
    });
    assert.ok(code <= 1 && !stderr.includes("--allow"), `${command}: ${code} ${stderr}`);
  }
  const others = [["version"], ["configure"], ["help"], ["help", "start"], ["completion", "bash"]];
  for (const args of others) await must([program, ...args], { env: audited() });
}

async function mailOne({ cluster }: Playground, mails: () => number): Promise<void> {
  const before = mails();
  cluster.create({ user: "alice@example.com", roles: ["dba"] });
  await until(() => mails() > before, "a mail");
}

async function useMailgun({ mailgun, paths }: Playground): Promise<void> {
  const section = `[mailgun]\ndomain = "${mailgun.domain}"\nprivate_key = "${mailgun.key}"\n` +
    `base_url = "${mailgun.baseUrl}"\n\n`;
  await edit(paths.config, /\[smtp\][^[]*/, section);
}

async function edit(path: string, from: string | RegExp, to: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, String(from));
  await Deno.writeTextFile(path, changed);
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!await holds()) {
    assert.ok(Date.now() < deadline, `not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
