/** What the log says: docs/operate/logging.md against the sources and real runs, and nothing that is secret. */

import assert from "node:assert/strict";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import type { PluginProcess } from "../sim/playground/plugin_process.ts";
import { messagesIn } from "./troubleshooting/messages.ts";
import { ask, onStage, type Stage, until, untilSettled, useMailgun } from "./support.ts";

const ROOT = new URL("../", import.meta.url);

interface Row {
  readonly message: string;
  readonly levels: readonly string[];
  readonly keys: readonly string[];
}

async function readTable(): Promise<readonly Row[]> {
  const guide = await Deno.readTextFile(new URL("docs/operate/logging.md", ROOT));
  const [, table = ""] = guide.split("## Messages");
  return [...table.matchAll(/^\| `([^`]+)` +\| ([a-z, ]+?) +\| ([^|]*) \|/gm)].map(
    ([, message = "", levels = "", keys = ""]) => ({
      message,
      levels: levels.split(", "),
      keys: [...keys.matchAll(/`(\w+)`/g)].map(([, key]) => key ?? ""),
    }),
  );
}

/** The folders whose logs are the daemon's. */
const FOLDERS = [
  "src/access_lists",
  "src/cli",
  "src/daemon",
  "src/mail",
  "src/ops",
  "src/requests",
  "src/routing",
  "src/teleport",
];

async function* sources(folders: readonly string[] = FOLDERS): AsyncGenerator<string> {
  for (const folder of folders) {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
      if (isDirectory) yield* sources([`${folder}/${name}`]);
      if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
      yield await Deno.readTextFile(new URL(`${folder}/${name}`, ROOT));
    }
  }
}

/** The words that calls of the log begin with. */
function loggedIn(source: string): readonly string[] {
  const calls = source.matchAll(/(?:\blog\??\.(?:info|warn|error)\(|say\.call\(\w+,)([^;]*?)[{;]/g);
  return [...calls].flatMap(([, argument = ""]) => messagesIn(argument));
}

Deno.test("docs/operate/logging.md lists every existing message from info on, and no others", async () => {
  const rows = await readTable();
  assert.ok(rows.length > 40);
  const logged: string[] = [];
  const texts: string[] = [];
  for await (const source of sources()) {
    logged.push(...loggedIn(source));
    texts.push(...messagesIn(source), ...source.match(/(?<=")[^"\n]+(?=")/g) ?? []);
  }
  const known = rows.map(({ message }) => message);
  assert.ok(logged.length > 30, `${logged.length} calls found`);
  assert.deepEqual(logged.filter((message) => !known.includes(message)), []);
  // The one hole in a message is a constant.
  const exists = (message: string) => texts.some((text) => text.replaceAll("…", "100") === message);
  assert.deepEqual(known.filter((message) => !exists(message)), []);
});

/** Secrets and contents, in the forms in which they travel. */
const PASSWORD = "pass-marker-4711";
const WRONG_PASSWORD = "wrong-marker-4711";
const KEY = "key-marker-4711";
const WRONG_KEY = "other-marker-4711";
const CONTENTS = [
  "requester-marker",
  "role-marker",
  "reason-marker",
  "review-marker",
  "end-marker",
];

function forms(secret: string, user: string): readonly string[] {
  return [secret, btoa(secret), btoa(`\0${user}\0${secret}`), btoa(`${user}:${secret}`)];
}

/** The lines of private keys in the files of a playground. */
async function privateKeys({ playground: { paths } }: Stage): Promise<readonly string[]> {
  const text = await Deno.readTextFile(paths.identity);
  const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----\n([^-]+)/.exec(text)?.[1] ?? "";
  assert.ok(pem.length > 50);
  return pem.trim().split("\n");
}

async function logEverything({ configure }: Stage, changes: string): Promise<void> {
  await configure((text) =>
    `${text.replace('output = "stderr"', 'output = "stderr"\nformat = "json"\nseverity = "trace"')}
${changes}`
  );
}

/** Each line is a record of the table, and none has anything secret. */
function audit(lines: readonly string[], rows: readonly Row[], secrets: readonly string[]): void {
  for (const line of lines) {
    const found = secrets.filter((secret) => line.includes(secret));
    assert.deepEqual(found, [], line);
    const { timestamp, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    assert.ok(!Number.isNaN(Date.parse(String(timestamp))), line);
    const row = rows.find((row) => row.message === message);
    if (row === undefined) {
      const isFree = level === "warning" && Object.keys(fields).length === 0;
      assert.ok(isFree || level === "debug" || level === "trace", `not in the guide: ${line}`);
      continue;
    }
    assert.ok(row.levels.includes(String(level)), `another level: ${line}`);
    assert.deepEqual(Object.keys(fields).filter((key) => !row.keys.includes(key)), [], line);
  }
}

/** A request that goes through everything, with markers in all that users write. */
async function playThrough({ playground }: Stage, settled: (id: string) => Promise<void>) {
  const { cluster } = playground;
  const id = ask(playground, {
    user: "requester-marker",
    roles: ["role-marker"],
    reason: "reason-marker",
    reviewers: ["no address"],
  });
  await settled(id);
  cluster.review(id, { author: "bob", state: RequestState.APPROVED, reason: "review-marker" });
  await settled(id);
  cluster.setState(id, RequestState.APPROVED, { reason: "end-marker" });
  await settled(id);
}

async function reload(plugin: PluginProcess, pattern: RegExp): Promise<void> {
  const before = plugin.lines.length;
  plugin.signal("SIGHUP");
  await until(
    `${pattern} is logged`,
    () => plugin.lines.slice(before).some((l) => pattern.test(l)),
  );
}

Deno.test("No password, key or content of a mail is in the log, at any level and whatever fails", async () => {
  const rows = await readTable();
  const roleToRecipients = { "*": ["all@example.com", "no@example.com", "slow@example.com"] };
  const auth = { username: "teleport", password: PASSWORD };
  await onStage({ roleToRecipients, mail: { auth } }, async (stage) => {
    const { playground, launch, configure } = stage;
    const { mail, cluster } = playground;
    const templates = await Deno.makeTempDir();
    try {
      // Fails when a mail is due, not when it is tried at start: the built-in words are used.
      const loop = "{% for i in (1..1000000000) %}{{ reason }}{% endfor %}";
      const broken = `{{ reason }}{% if reason contains "marker" %}${loop}{% endif %}`;
      await Deno.writeTextFile(`${templates}/new.txt`, broken);
      await logEverything(stage, `[templates]\ndirectory = "${templates}"\n`);
      await configure((text) => text.replace(PASSWORD, WRONG_PASSWORD));
      mail.denyRecipient("no@example.com", 550, "5.1.1 No such user");
      mail.denyRecipient("slow@example.com", 450, "4.2.0 Greylisted");
      const plugin = launch();
      await plugin.waitFor(/Plugin is ready/);
      await plugin.waitFor(/Mail transport is paused/);
      await configure((text) => text.replace(WRONG_PASSWORD, PASSWORD).replace("[smtp]", "[smtp"));
      await reload(plugin, /Cannot reload/);
      await configure((text) => text.replace("[smtp", "[smtp]"));
      await reload(plugin, /The new configuration is in use/);
      await playThrough(stage, async () => {
        const count = mail.mails.length;
        await until("a mail", () => mail.mails.length > count);
      });
      await plugin.waitFor(/Mail is refused/);
      await plugin.waitFor(/A template failed/);
      mail.allowRecipient("slow@example.com");
      // What somebody wrote into plugin data by hand.
      const id = ask(playground, { reason: "reason-marker" });
      await untilSettled(playground, id);
      cluster.pluginData.update({
        Kind: "access_request",
        Resource: id,
        Plugin: "email",
        Set: { owed: "[1]", request_reason: "reason-marker" },
        Expect: {},
      } as never);
      playground.auth.dropWatches("UNAVAILABLE", "bye");
      await plugin.waitFor(/Watcher is connected again/);
      await plugin.waitFor(/Plugin data is not as it should be/);
      playground.auth.failNext("UpdatePluginData", "UNAVAILABLE", "busy", 2);
      ask(playground, { reason: "reason-marker" });
      await plugin.waitFor(/Requests are processed again/);
      assert.equal(await plugin.stop(), 0);
      const secrets = [
        ...CONTENTS,
        ...forms(PASSWORD, "teleport"),
        ...forms(WRONG_PASSWORD, "teleport"),
        ...await privateKeys(stage),
      ];
      audit(plugin.lines, rows, secrets);
    } finally {
      await Deno.remove(templates, { recursive: true });
    }
  });
});

Deno.test("No key of Mailgun is in the log, whatever fails", async () => {
  const rows = await readTable();
  await onStage({ mailgun: { key: KEY } }, async (stage) => {
    const { playground: { mailgun }, launch, configure } = stage;
    await useMailgun(stage);
    await logEverything(stage, "");
    await configure((text) => text.replace(KEY, WRONG_KEY));
    const plugin = launch();
    await plugin.waitFor(/Plugin is ready/);
    const played = playThrough(stage, async (id) => {
      await until("a message", () => mailgun.messages.length > 0);
      await untilSettled(stage.playground, id);
    });
    await plugin.waitFor(/Mail transport is paused/);
    await configure((text) => text.replace(WRONG_KEY, KEY));
    await reload(plugin, /The new configuration is in use/);
    await played;
    assert.equal(await plugin.stop(), 0);
    audit(plugin.lines, rows, [...CONTENTS, ...forms(KEY, "api"), ...forms(WRONG_KEY, "api")]);
  });
});

Deno.test("Each mail has one line, with request, kind, recipient, message id and time", async () => {
  const roleToRecipients = { "*": ["all@example.com", "no@example.com"] };
  await onStage({ roleToRecipients }, async (stage) => {
    const { playground, launch } = stage;
    await logEverything(stage, "");
    playground.mail.denyRecipient("no@example.com", 550, "5.1.1 No such user");
    const plugin = launch();
    await plugin.waitFor(/Plugin is ready/);
    const id = ask(playground);
    await untilSettled(playground, id);
    await plugin.stop();
    const lines = plugin.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const about = (email: string) => lines.filter((line) => line["email"] === email);
    const [[sent, ...more], [refused, ...others]] = [
      about("all@example.com"),
      about("no@example.com"),
    ];
    assert.deepEqual([more, others], [[], []]);
    assert.deepEqual(
      [sent?.["message"], sent?.["level"], sent?.["request_id"], sent?.["kind"]],
      ["Successfully sent", "info", id, "new threads"],
    );
    assert.equal(`<${sent?.["message_id"]}>`, playground.mail.mails[0]?.parsed.messageId);
    assert.equal(typeof sent?.["took_ms"], "number");
    assert.deepEqual(
      [refused?.["message"], refused?.["level"], refused?.["request_id"], refused?.["kind"]],
      ["Mail is refused", "error", id, "new threads"],
    );
    assert.match(String(refused?.["message_id"]), /@example\.com$/);
    assert.equal(typeof refused?.["took_ms"], "number");
  });
});
