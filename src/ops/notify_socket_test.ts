import assert from "node:assert/strict";
import { openNotifySocket } from "./notify_socket.ts";

/** Listens as systemd does. */
function listen(path: string) {
  const server = Deno.listenDatagram({ transport: "unixpacket", path });
  return {
    next: async () => new TextDecoder().decode((await server.receive())[0]),
    [Symbol.dispose]: () => server.close(),
  };
}

Deno.test("openNotifySocket() is undefined and silent without NOTIFY_SOCKET", () => {
  for (const name of [undefined, ""]) {
    assert.equal(openNotifySocket(name, (message) => assert.fail(message)), undefined);
  }
});

Deno.test("send() reaches sockets with a path and abstract ones, one datagram each, in order", async () => {
  const dir = await Deno.makeTempDir();
  const abstract = `teleport-email-test-${crypto.randomUUID()}`;
  try {
    for (const [path, name] of [[`${dir}/s`, `${dir}/s`], [`\0${abstract}`, `@${abstract}`]]) {
      using server = listen(path ?? "");
      const socket = openNotifySocket(name, (message) => assert.fail(message));
      socket?.send(["READY=1", "STATUS=one\nMAINPID=1"]);
      socket?.send(["WATCHDOG=1"]);
      assert.equal(socket?.isBusy, true);
      assert.equal(await server.next(), "READY=1\nSTATUS=one\\nMAINPID=1");
      assert.equal(await server.next(), "WATCHDOG=1");
      await socket?.[Symbol.asyncDispose]();
      assert.equal(socket?.isBusy, false);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("send() reports the first failure, and the first one after a recovery", async () => {
  const dir = await Deno.makeTempDir();
  const failures: string[] = [];
  try {
    await using socket = openNotifySocket(`${dir}/s`, (message) => failures.push(message));
    socket?.send(["WATCHDOG=1"]);
    socket?.send(["WATCHDOG=1"]);
    while (socket?.isBusy) await new Promise((resolve) => setTimeout(resolve));
    assert.equal(failures.length, 1);
    assert.match(failures[0] ?? "", /^Cannot tell systemd .* at '\/.*\/s': No such file/);
    {
      using server = listen(`${dir}/s`);
      socket?.send(["WATCHDOG=1"]);
      assert.equal(await server.next(), "WATCHDOG=1");
    }
    socket?.send(["WATCHDOG=1"]);
    while (socket?.isBusy) await new Promise((resolve) => setTimeout(resolve));
    assert.equal(failures.length, 2);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("openNotifySocket() refuses a path that is not a Unix socket", () => {
  const failures: string[] = [];
  const name = "vsock:2:1234";
  assert.equal(openNotifySocket(name, (message) => failures.push(message)), undefined);
  assert.deepEqual(failures, [
    "Cannot tell systemd how this service is doing at 'vsock:2:1234': it is no Unix socket",
  ]);
});
