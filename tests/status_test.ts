/** `teleport-email status`, with and without a daemon to ask. */

import assert from "node:assert/strict";
import { status } from "../src/cli/status.ts";
import type { Status } from "../src/ops/status.ts";
import { ask, dataOf, onStage, runCommand, type Stage, tally, untilSettled } from "./support.ts";

const AT = "2026-01-02T03:04:05.000Z";
const STATUS: Status = {
  version: "1.2.3",
  started: AT,
  ready: false,
  reasons: ["mail: down"],
  cluster: { connected: true, watching: true, watching_since: AT, via: "direct", name: "c" },
  mail: { paused: true, reason: "down" },
  queue: 0,
  owed: {
    count: 1,
    mails: [{
      request_id: "r",
      recipient: "a@b",
      kind: "review",
      review: 0,
      since: AT,
      attempts: 2,
    }],
  },
  failed: { count: 0, mails: [] },
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

Deno.test("status repeats what the daemon says of itself", async () => {
  await onStage({}, async (stage) => {
    await withDaemon(JSON.stringify(STATUS), async (port) => {
      await listenAt(stage, port);
      const { code, stdout, stderr } = await run(stage);
      assert.deepEqual([code, stderr], [1, ""]);
      assert.match(stdout, /^ready +no: mail: down$/m);
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
      owed: { count: 0, mails: [] },
      failed: { count: 0, mails: [] },
    });
    // A port on which nobody listens any more.
    const { mail } = stage.playground;
    const { port } = mail;
    await mail.stop();
    await listenAt(stage, port);
    const silent = await run(stage);
    assert.deepEqual([silent.code, silent.stdout], [
      1,
      "owed        0 mails\ngiven up    0 mails\n",
    ]);
    assert.match(
      silent.stderr,
      /^Cannot ask the daemon at 'http:\/\/127\.0\.0\.1:\d+\/status': connection refused/,
    );
    await withDaemon("<html>", async (port) => {
      await stage.configure((text) => text.replace(/listen = .*/, `listen = "127.0.0.1:${port}"`));
      assert.match((await run(stage)).stderr, /another program answers there/);
    });
    await stage.playground.proxy.stop();
    assert.equal((await run(stage)).code, 2);
  });
});

Deno.test("status --retry puts mails that were given up back, and the daemon sends them", async () => {
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
    assert.match(before.stdout, /^Send them again: teleport-email status --retry ID/m);

    playground.mail.allowRecipient("no@example.com");
    const retried = await run(stage, { retry: "all" });
    assert.equal(retried.code, 0, retried.stderr);
    assert.match(
      retried.stdout,
      new RegExp(`^${id}: 1 mails owed again \\(new to no@example\\.com\\)$`, "m"),
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
    assert.deepEqual([again.code, /no mails were given up/.test(again.stdout)], [1, true]);
  });
});
