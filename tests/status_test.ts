/** `teleport-email status`, with and without a daemon to ask. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { status } from "../src/cli/status.ts";
import { type Status, StatusSchema } from "../src/ops/status.ts";
import {
  ask,
  dataOf,
  listen,
  onStage,
  runCommand,
  type Stage,
  tally,
  until,
  untilSettled,
} from "./support.ts";

const AT = "2026-01-02T03:04:05.000Z";
const STATUS: Status = {
  version: "1.2.3",
  started: AT,
  ready: false,
  reasons: ["mail: down"],
  cluster: { connected: true, watching: true, watching_since: AT, via: "direct", name: "c" },
  mail: { paused: true, reason: "down" },
  queue: 0,
  pending: {
    count: 1,
    emails: [{
      request_id: "r",
      recipient: "a@b",
      kind: "review",
      review: 0,
      since: AT,
      attempts: 2,
    }],
  },
  failed: { count: 0, emails: [] },
  reload: { ok: true, loaded: AT },
};

/** Answers `/status` in a daemon's place. */
async function withDaemon(body: string, test: (port: number) => Promise<void>): Promise<void> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) => new Response(body, { status: new URL(url).pathname === "/status" ? 200 : 404 }),
  );
  await test(server.addr.port);
}

function run({ playground }: Stage, options: { json?: boolean; retry?: string } = {}) {
  const { config } = playground.paths;
  return runCommand((io) => status({ config, json: false, ...options }, io));
}

async function listenAt({ configure }: Stage, port: number): Promise<void> {
  await configure((text) => `${text}\n[http]\nlisten = "127.0.0.1:${port}"\n`);
}

Deno.test("status prints the daemon's own answer", async () => {
  await onStage({}, async (stage) => {
    await withDaemon(JSON.stringify(STATUS), async (port) => {
      await listenAt(stage, port);
      const { code, stdout, stderr } = await run(stage);
      assert.deepEqual([code, stderr], [1, ""]);
      assert.match(stdout, /^ready +no: mail: down$/m);
      assert.match(stdout, /^settings +read \S+$/m);
      assert.match(stdout, /^ {2}r {2}review 1 to a@b, since \S+, 2 attempts$/m);
      assert.deepEqual(JSON.parse((await run(stage, { json: true })).stdout), STATUS);
    });
    await withDaemon(JSON.stringify({ ...STATUS, ready: true, reasons: [] }), async (port) => {
      await stage.configure((text) => text.replace(/listen = .*/, `listen = "127.0.0.1:${port}"`));
      assert.equal((await run(stage)).code, 0);
    });
  });
});

Deno.test("status reads the cluster where the daemon does not answer", async () => {
  await onStage({}, async (stage) => {
    const alone = await run(stage, { json: true });
    assert.equal(alone.code, 0);
    assert.deepEqual(JSON.parse(alone.stdout), {
      source: "cluster",
      reason: "http.listen is not set",
      pending: { count: 0, emails: [] },
      failed: { count: 0, emails: [] },
    });
    // A port on which nothing listens any more.
    const { mail } = stage.playground;
    const { port } = mail;
    await mail.stop();
    await listenAt(stage, port);
    const silent = await run(stage);
    assert.deepEqual([silent.code, silent.stdout], [
      1,
      "pending     0 emails\nfailed      0 emails\n",
    ]);
    assert.match(
      silent.stderr,
      /^teleport-email: note: Cannot ask the daemon at 'http:\/\/127\.0\.0\.1:\d+\/status': connection refused/,
    );
    await withDaemon("<html>", async (port) => {
      await stage.configure((text) => text.replace(/listen = .*/, `listen = "127.0.0.1:${port}"`));
      assert.match((await run(stage)).stderr, /another program answers there/);
    });
    await stage.playground.proxy.stop();
    assert.equal((await run(stage)).code, 2);
  });
});

Deno.test("status --retry requeues failed mails, and the daemon sends them", async () => {
  const roleToRecipients = { "*": ["all@example.com", "no@example.com"] };
  await onStage({ roleToRecipients }, async (stage) => {
    const { playground, start } = stage;
    playground.mail.denyRecipient("no@example.com", 550, "5.1.1 No such user");
    const daemon = await start();
    const id = ask(playground);
    await untilSettled(playground, id);
    await daemon.stop();
    const before = await run(stage);
    assert.equal(before.code, 1);
    assert.match(before.stdout, /new to no@example\.com, at \S+: .*No such user$/m);
    assert.match(before.stdout, /^Requeue them: teleport-email status --retry ID/m);

    playground.mail.allowRecipient("no@example.com");
    const retried = await run(stage, { retry: "all" });
    assert.equal(retried.code, 0, retried.stderr);
    assert.match(
      retried.stdout,
      new RegExp(`^${id}: 1 email requeued \\(new to no@example\\.com\\)$`, "m"),
    );
    assert.equal(dataOf(playground, id)["failed"], undefined);
    await start();
    await playground.mail.waitForMails(2);
    await untilSettled(playground, id);
    assert.deepEqual(tally(playground.mail.mails), {
      "all@example.com new": 1,
      "no@example.com new": 1,
    });
    assert.equal((await run(stage)).code, 0);
    const again = await run(stage, { retry: id });
    assert.deepEqual([again.code, /no failed emails/.test(again.stdout)], [1, true]);
  });
});

Deno.test("status --retry has the running daemon send at once", async () => {
  const roleToRecipients = { "*": ["no@example.com"] };
  await onStage({ roleToRecipients }, async (stage) => {
    const { playground, start } = stage;
    const url = await listen(stage);
    playground.mail.denyRecipient("no@example.com", 550, "5.1.1 No such user");
    const daemon = await start();
    const id = ask(playground);
    await until("it failed", async () => (await statusOf(url)).failed.count === 1);
    playground.mail.allowRecipient("no@example.com");
    const retried = await run(stage, { retry: id });
    assert.deepEqual([retried.code, retried.stderr], [0, ""]);
    assert.match(retried.stdout, /\nThe running daemon sends them now\n$/);
    await playground.mail.waitForMails(1);
    await until("all is well", async () => (await run(stage)).code === 0);
    assert.equal(
      await fetch(`${url}/reread-failed`).then((r) => (r.body?.cancel(), r.status)),
      405,
    );
    await daemon.stop();
  });
});

Deno.test("status does not claim that a mail server works which was never tried", async () => {
  await onStage({}, async (stage) => {
    const url = await listen(stage);
    await stage.playground.proxy.stop();
    const daemon = stage.launch();
    await daemon.waitFor(/Cannot reach the cluster/);
    const { mail } = await statusOf(url);
    assert.deepEqual([mail.tried, mail.paused], [false, false]);
    const { code, stdout } = await run(stage);
    assert.equal(code, 1);
    assert.match(stdout, /^mail +not tried yet, none sent yet$/m);
    await stage.playground.proxy.start();
    await until("it was tried", async () => (await statusOf(url)).mail.tried === true);
    assert.match((await run(stage)).stdout, /^mail +works, none sent yet$/m);
  });
});

Deno.test("status asks the daemon at --address without a configuration", async () => {
  const options = { config: "/nonexistent", json: false };
  await withDaemon(JSON.stringify({ ...STATUS, ready: true, reasons: [] }), async (port) => {
    const address = { host: "127.0.0.1", port };
    const { code, stdout, stderr } = await runCommand((io) => status({ ...options, address }, io));
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^ready +yes$/m);
  });
  const address = { host: "127.0.0.1", port: 1 };
  const silent = await runCommand((io) => status({ ...options, address }, io));
  assert.deepEqual([silent.code, silent.stdout], [1, ""]);
  assert.match(silent.stderr, /^teleport-email: error: Cannot ask the daemon at '\S+': connection/);
  const without = await runCommand((io) => status(options, io));
  assert.equal(without.code, 2);
  assert.match(without.stderr, /\nName the file with --config; /);
});

Deno.test("status shows what the real daemon does: connected, sends, waits, fails mails, reloads", async () => {
  const roleToRecipients = {
    "dev": ["now@example.com"],
    "dba": ["later@example.com", "never@example.com"],
  };
  await onStage(
    { roleToRecipients: { ...roleToRecipients, "*": ["x@example.com"] } },
    async (stage) => {
      const { playground, start, configure } = stage;
      const { mail } = playground;
      mail.denyRecipient("later@example.com", 450, "4.2.0 Greylisted");
      mail.denyRecipient("never@example.com", 550, "5.1.1 No such user");
      const url = await listen(stage);
      const plugin = await start();
      const idle = await statusOf(url);
      assert.equal(idle.ready, true);
      assert.deepEqual(idle.reasons, []);
      const { cluster } = idle;
      assert.deepEqual([cluster.connected, cluster.watching, cluster.via], [true, true, "direct"]);
      assert.equal(cluster.name, playground.cluster.name);
      assert.ok((cluster.certificate?.seconds_left ?? 0) > 0);
      assert.deepEqual([idle.mail.transport, idle.mail.paused], ["smtp", false]);
      assert.equal(idle.mail.last_sent, undefined);
      assert.deepEqual([idle.queue, idle.pending.count, idle.failed.count], [0, 0, 0]);

      await untilSettled(playground, ask(playground, { roles: ["dev"] }));
      const id = ask(playground, { roles: ["dba"] });
      await plugin.waitFor(/Mail is refused/);
      await plugin.waitFor(/Mail deferred/);
      await until(
        "the failed mail is in /status",
        async () => (await statusOf(url)).failed.count > 0,
      );
      const busy = await statusOf(url);
      assert.ok(busy.mail.last_sent !== undefined);
      const [owed, failed] = [busy.pending.emails[0], busy.failed.emails[0]];
      assert.deepEqual(
        [busy.pending.count, owed?.request_id, owed?.recipient, owed?.kind],
        [1, id, "later@example.com", "new"],
      );
      assert.match(owed?.error ?? "", /Greylisted/);
      assert.ok((owed?.attempts ?? 0) > 0 && owed?.not_before !== undefined);
      assert.deepEqual([failed?.request_id, failed?.recipient], [id, "never@example.com"]);
      assert.match(failed?.error ?? "", /No such user/);
      const asked = await run(stage);
      assert.equal(asked.code, 1);
      assert.match(asked.stdout, /^cluster +'\S+', Teleport \S+, connected via direct since/m);
      assert.match(asked.stdout, /new to later@example\.com, .*Greylisted/);

      await configure((text) => text.replace('host = "localhost"', ""));
      plugin.signal("SIGHUP");
      await until("the reload failed", async () => !(await statusOf(url)).reload.ok);
      await configure((text) => text.replace("[smtp]", '[smtp]\nhost = "localhost"'));
      plugin.signal("SIGHUP");
      await until("the reload succeeded", async () => (await statusOf(url)).reload.ok);
      assert.notEqual((await statusOf(url)).reload.loaded, idle.reload.loaded);

      assert.deepEqual(await (await fetch(`${url}/healthz`)).text(), "ok\n");
      await playground.proxy.stop();
      await until("the loss is noticed", async () => !(await statusOf(url)).cluster.connected);
      const lost = await statusOf(url);
      assert.equal(lost.ready, false);
      assert.match(lost.reasons.join(), /^the cluster is not connected/);
      assert.ok(lost.cluster.watching_since >= cluster.watching_since);
      // An outage of others is no reason to restart the program.
      assert.equal(await fetch(`${url}/healthz`).then((r) => (r.body?.cancel(), r.status)), 200);
    },
  );
});

async function statusOf(url: string): Promise<Status> {
  return v.parse(StatusSchema, await (await fetch(`${url}/status`)).json());
}
