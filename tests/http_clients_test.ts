/** Clients of `http.listen` that behave badly, and reloads that change the address. */

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { get } from "node:http";
import type { PluginProcess } from "../sim/playground/plugin_process.ts";
import { ask, listen, onStage, until } from "./support.ts";

/** Sends `count` requests at once and never reads an answer. */
async function stall(url: string, count = 5000): Promise<Socket & Disposable> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => {});
  socket.pause();
  await new Promise((done) => socket.once("connect", done));
  const request = `GET /metrics HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`;
  await new Promise((done) => socket.write(request.repeat(count), done));
  return Object.assign(socket, { [Symbol.dispose]: () => void socket.destroy() });
}

async function reloaded(plugin: PluginProcess, times: number): Promise<void> {
  plugin.signal("SIGHUP");
  const isInUse = (line: string) => /The new configuration is in use/.test(line);
  await until(`reload ${times}`, () => plugin.lines.filter(isInUse).length === times);
}

Deno.test("SIGTERM ends the program while an HTTP client sends requests and reads no answer", async () => {
  await onStage({}, async (stage) => {
    const url = await listen(stage);
    const plugin = await stage.start();
    using _ = await stall(url);
    const startMs = Date.now();
    assert.equal(await plugin.stop(), 0);
    assert.ok(Date.now() - startMs < 12_000);
    assert.match(plugin.lines.at(-1) ?? "", /Successfully shut down$/);
  });
});

Deno.test("A reload that changes http.listen keeps sending while a client reads no answer", async () => {
  await onStage({}, async (stage) => {
    const url = await listen(stage);
    const plugin = await stage.start();
    using _ = await stall(url);
    const { port } = new URL(url);
    const spare = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const other = `${spare.addr.port}`;
    spare.close();
    await stage.configure((text) => text.replace(`127.0.0.1:${port}`, `127.0.0.1:${other}`));
    await reloaded(plugin, 1);
    ask(stage.playground);
    await stage.playground.mail.waitForMails(1);
    const response = await fetch(`http://127.0.0.1:${other}/healthz`);
    assert.equal(await response.text(), "ok\n");
    await assert.rejects(fetch(`${url}/healthz`));
  });
});

Deno.test("Many clients that send requests continuously do not delay mails for long", async () => {
  await onStage({}, async (stage) => {
    const url = await listen(stage);
    await stage.start();
    const { hostname, port } = new URL(url);
    let isOver = false;
    const clients = Array.from({ length: 16 }, async () => {
      while (!isOver) {
        using socket = await stall(url, 50);
        socket.resume();
        await new Promise((done) => socket.once("close", done));
      }
    });
    try {
      const startMs = Date.now();
      for (let count = 1; count <= 5; count++) {
        ask(stage.playground);
        await stage.playground.mail.waitForMails(count);
      }
      assert.ok(Date.now() - startMs < 15_000, `${hostname}:${port}`);
    } finally {
      isOver = true;
      await Promise.all(clients);
    }
  });
});

Deno.test("A reload can change the host of http.listen and keep the port, and gives it back when it fails", async () => {
  await onStage({}, async (stage) => {
    const { playground, start, configure } = stage;
    const url = await listen(stage);
    const { port } = new URL(url);
    const plugin = await start();
    const healthy = async () => (await (await fetch(`${url}/healthz`)).text()) === "ok\n";
    await configure((text) =>
      text.replace(`127.0.0.1:${port}`, `0.0.0.0:${port}`).replace(/addr = .*/, 'addr = "[::1]:1"')
    );
    plugin.signal("SIGHUP");
    await plugin.waitFor(/Cannot reload the configuration/);
    await until("the old address is served again", () => healthy().catch(() => false));
    await configure((text) => text.replace(/addr = .*/, `addr = "${playground.proxy.address}"`));
    await reloaded(plugin, 1);
    assert.ok(await healthy());
    await configure((text) => text.replace(`0.0.0.0:${port}`, `127.0.0.1:${port}`));
    await reloaded(plugin, 2);
    assert.ok(await healthy());
    ask(playground);
    await playground.mail.waitForMails(1);
  });
});

/** An address of this machine that is not loopback; the test needs one to look like a stranger. */
const foreign = Object.values(networkInterfaces()).flat()
  .find((info) => info?.family === "IPv4" && !info.internal)?.address;

Deno.test({
  name: "/status is for this machine alone unless http.status allows more",
  ignore: foreign === undefined,
  fn: async () => {
    await onStage({}, async (stage) => {
      const url = await listen(stage);
      const { port } = new URL(url);
      const asked = (path: string, localAddress?: string) => {
        const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
        const options = { port, path, agent: false, ...localAddress && { localAddress } };
        get({ host: "127.0.0.1", ...options }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on("error", reject);
        return promise;
      };
      const plugin = await stage.start();
      assert.equal(await asked("/status"), 200);
      assert.equal(await asked("/status", foreign), 403);
      assert.equal(await asked("/metrics", foreign), 200);
      await stage.configure((text) => `${text}status = "all"\n`);
      await reloaded(plugin, 1);
      assert.equal(await asked("/status", foreign), 200);
    });
  },
});
