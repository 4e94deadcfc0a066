/** One executable does the whole job: what `tests/` shows of the sources, in short. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { startBalancer } from "../../sim/proxy/balancer.ts";
import type { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import {
  ask,
  listen,
  mailsTo,
  onStage,
  type Stage,
  tally,
  untilMailgunHas,
  untilSettled,
  useMailgun,
} from "../support.ts";
import { must, run } from "./support/command.ts";
import { compileProgram } from "./support/compiled_program.ts";
import { findGenuinePair } from "./support/genuine_pair.ts";

const pair = await findGenuinePair("x86_64");
if (!pair.ok) {
  // deno-lint-ignore no-console -- tells why tests are skipped
  console.warn(`tests of the job of one executable are skipped: ${pair.why}`);
}
const REVIEWERS = ["dev-lead@example.com", "boss@example.com"];
const ROLES = { "*": REVIEWERS };
let dir = "";
let program = "";

Deno.test.beforeAll(async () => {
  if (!pair.ok) return;
  dir = await Deno.makeTempDir({ prefix: "teleport-email-compiled-" });
  program = await compileProgram(pair, dir);
});

Deno.test.afterAll(async () => {
  if (dir !== "") await Deno.remove(dir, { recursive: true });
});

function jobTest(name: string, test: (stage: Stage) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !pair.ok,
    fn: () => onStage({ program, roleToRecipients: ROLES }, test),
  });
}

/** Has the program connect to `address` by one method. */
async function connectBy({ configure, playground }: Stage, method: string, address: string) {
  const web = `web_root_cas = "${playground.paths.webCa}"`;
  await configure((text) =>
    text.replace(/addr = .*/, `addr = "${address}"`)
      .replace("[teleport]\n", `[teleport]\nvia = "${method}"\n${web}\n`)
  );
}

/** A request from its creation to its resolution, with every email that belongs to it. */
async function playRequest({ playground }: Stage): Promise<void> {
  const { cluster, mail } = playground;
  const before = mail.mails.length;
  const id = ask(playground);
  await mail.waitForMails(before + 2);
  cluster.review(id, { author: "bob@example.com", state: RequestState.APPROVED, reason: "ok" });
  await mail.waitForMails(before + 4);
  cluster.setState(id, RequestState.APPROVED, { reason: "go" });
  const mails = (await mail.waitForMails(before + 6)).slice(before);
  await untilSettled(playground, id);
  for (const { tls, user } of mails) assert.deepEqual([tls, user], [true, "teleport"]);
  for (const reviewer of REVIEWERS) {
    assert.deepEqual(tally(mailsTo(mails, reviewer)), {
      [`${reviewer} new`]: 1,
      [`${reviewer} review`]: 1,
      [`${reviewer} resolution`]: 1,
    });
  }
}

/** Emails arrive after a GOAWAY, as a restart sends it, and after connections that end and are reset. */
async function survive({ playground }: Stage): Promise<void> {
  const { auth, proxy, mail } = playground;
  const breaks = [
    () => auth.goAway(),
    () => auth.breakConnections(),
    () => proxy.resetConnections(),
  ];
  for (const breakOff of breaks) {
    await breakOff();
    const before = mail.mails.length;
    ask(playground);
    await mail.waitForMails(before + 2, 20_000);
  }
}

const METHODS: readonly (readonly [string, "direct" | "ssh" | "upgrade", "auth" | "proxy"])[] = [
  ["directly", "direct", "auth"],
  ["by TLS routing", "direct", "proxy"],
  ["through the SSH tunnel", "ssh", "proxy"],
];
for (const [how, method, server] of METHODS) {
  jobTest(
    `one executable mails a request from beginning to end, connected ${how}`,
    async (stage) => {
      await connectBy(stage, method, stage.playground[server].address);
      const plugin = await stage.start();
      await playRequest(stage);
      assert.deepEqual(complaints(plugin), []);
      await survive(stage);
      assert.equal(await plugin.stop(), 0);
    },
  );
}

jobTest("one executable mails through a load balancer, by a connection upgrade", async (stage) => {
  const { pki, proxy } = stage.playground;
  await using balancer = await startBalancer(pki, proxy.address);
  await connectBy(stage, "auto", balancer.address);
  const plugin = await stage.start();
  await playRequest(stage);
  assert.deepEqual(complaints(plugin), []);
  await survive(stage);
  assert.equal(await plugin.stop(), 0);
});

/** Warnings and errors so far, without that of a Deno that is not the pinned one. */
function complaints({ lines }: PluginProcess): readonly string[] {
  return lines.filter((line) => / (WARN|ERRO) /.test(line) && !line.includes("WARN  Deno 2.7.14"));
}

jobTest("one executable takes a new configuration, and mails by Mailgun", async (stage) => {
  const { playground: { mail, mailgun }, playground } = stage;
  const base = await listen(stage);
  const plugin = await stage.start();
  ask(playground);
  await mail.waitForMails(2);
  await useMailgun(stage);
  plugin.signal("SIGHUP");
  await plugin.waitFor(/Using Mailgun/);
  ask(playground);
  await untilMailgunHas(playground, 2);
  const recipients = mailgun.messages.map(({ fields }) => fields.get("to")?.join());
  assert.deepEqual(recipients.toSorted(), REVIEWERS.toSorted());
  assert.equal(mail.mails.length, 2);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  assert.match(metrics, /^teleport_email_\w+.* \d/m);
  const { config } = playground.paths;
  const report = await must([program, "status", "--config", config]);
  assert.match(report, /connected/);
  assert.equal(await must([program, "health", "--config", config]), "ok\n");
  await stage.configure(() => "[smtp");
  plugin.signal("SIGHUP");
  await plugin.waitFor(/Cannot reload the configuration, the one in use stays/);
  assert.equal(await plugin.stop(), 0);
});

jobTest("one executable that was killed catches up, and repeats nothing", async (stage) => {
  const { playground, playground: { cluster, mail } } = stage;
  const killed = await stage.start();
  const [first, second] = [ask(playground), ask(playground)];
  await mail.waitForMails(4);
  for (const id of [first, second]) await untilSettled(playground, id);
  killed.signal("SIGKILL");
  assert.equal(await killed.ended(), 137);
  cluster.setState(first, RequestState.DENIED, { reason: "no" });
  cluster.review(second, { author: "bob@example.com", state: RequestState.APPROVED, reason: "ok" });
  const third = ask(playground);
  await stage.start();
  await mail.waitForMails(10);
  for (const id of [first, second, third]) await untilSettled(playground, id);
  assert.deepEqual(
    tally(mail.mails),
    Object.fromEntries(REVIEWERS.flatMap((reviewer) => [
      [`${reviewer} new`, 3],
      [`${reviewer} resolution`, 1],
      [`${reviewer} review`, 1],
    ])),
  );
});

jobTest("one executable has every command that reaches a server", async ({ playground }) => {
  const { mail, paths } = playground;
  const checked = await run([program, "check", "--config", paths.config]);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  await must([program, "test-mail", "--config", paths.config, "a@example.com"]);
  assert.equal(mailsTo(await mail.waitForMails(5), "a@example.com").length, 5);
  const routed = await must([program, "route", "--config", paths.config, "--roles", "dba"]);
  for (const reviewer of REVIEWERS) assert.ok(routed.includes(reviewer), routed);
  const { code, stderr } = await run([program, "start", "--config", join(dir, "none.toml")]);
  assert.deepEqual([code, /none\.toml/.test(stderr)], [78, true]);
});
