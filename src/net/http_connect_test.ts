import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { type ConnectProxy, startConnectProxy } from "../../sim/proxy/connect_proxy.ts";
import { TcpListener } from "../../sim/proxy/tcp_listener.ts";
import { lookupAll } from "./dial.ts";
import { DialError } from "./dial_error.ts";
import { dialFromEnvironment } from "./http_connect.ts";

const HOST = "127.0.0.1";

interface Setting {
  readonly proxy: ConnectProxy;
  /** Dials an echo server through the proxy, by a name: loopback is never proxied. */
  dial(url?: string, timeoutMs?: number): Promise<net.Socket>;
}

async function withProxy(test: (setting: Setting) => Promise<void>): Promise<void> {
  await using echo = new TcpListener(net.createServer((socket) => void socket.pipe(socket)));
  await echo.start();
  await using proxy = await startConnectProxy();
  proxy.resolve = (target) => target.replace("echo.test", HOST);
  await test({
    proxy,
    dial: async (url = `http://${proxy.address}`, timeoutMs = 10_000) => {
      const target = { host: "echo.test", port: echo.port };
      const options = { lookup: lookupAll, timeoutMs, signal: new AbortController().signal };
      return await dialFromEnvironment(target, { HTTPS_PROXY: url }, options) as net.Socket;
    },
  });
}

async function failure(dialing: Promise<net.Socket>): Promise<DialError> {
  try {
    (await dialing).destroy();
  } catch (error) {
    assert.ok(error instanceof DialError, String(error));
    return error;
  }
  assert.fail("no error");
}

Deno.test("dialFromEnvironment() opens a tunnel through the proxy", async () => {
  await withProxy(async ({ proxy, dial }) => {
    const socket = await dial();
    socket.write("hello");
    const [chunk] = await once(socket, "data");
    assert.equal(String(chunk), "hello");
    assert.deepEqual([...proxy.tunnels.values()], [1]);
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
  });
});

Deno.test("dialFromEnvironment() takes every 2xx for a tunnel, and nothing else", async () => {
  await withProxy(async ({ proxy, dial }) => {
    for (const status of ["200 OK", "201 Created", "204 No Content", "299 Whatever"]) {
      proxy.success = status;
      const socket = await dial();
      socket.write("hello");
      assert.equal(String((await once(socket, "data"))[0]), "hello", status);
      const closed = once(socket, "close");
      socket.destroy();
      await closed;
    }
    for (const status of ["302 Found", "400 Bad Request", "502 Bad Gateway"]) {
      proxy.success = status;
      assert.match((await failure(dial())).message, new RegExp(`HTTP ${status.slice(0, 3)}\\)$`));
    }
  });
});

Deno.test("dialFromEnvironment() loses no bytes that come with the proxy's answer", async () => {
  // An SSH server speaks first, and its greeting may arrive together with the answer.
  await using proxy = new TcpListener(net.createServer((socket) => {
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\nSSH-2.0-Teleport\r\n"));
  }));
  await proxy.start();
  const options = { lookup: lookupAll, timeoutMs: 10_000, signal: new AbortController().signal };
  const env = { HTTPS_PROXY: `http://${proxy.address}` };
  const socket = await dialFromEnvironment({ host: "ssh.test", port: 3024 }, env, options);
  assert.equal(String((await once(socket as net.Socket, "data"))[0]), "SSH-2.0-Teleport\r\n");
  const closed = once(socket as net.Socket, "close");
  socket?.destroy();
  await closed;
});

Deno.test("dialFromEnvironment() uses the credentials of the URL, and names them in no error", async () => {
  await withProxy(async ({ proxy, dial }) => {
    proxy.login = "me:hunter2";
    const socket = await dial(`http://me:hunter2@${proxy.address}`);
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
    const wrong = "me:hunter3";
    const error = await failure(dial(`http://${wrong}@${proxy.address}`));
    assert.match(error.message, /^the HTTP proxy '.*' asks for other credentials \(HTTP 407\)/);
    proxy.login = wrong;
    const { port, address } = proxy;
    const mishaps: readonly (readonly [string, () => void])[] = [
      [address, () => proxy.refusal = `403 ${btoa(wrong)}`],
      [address, () => proxy.isGarbled = true],
      [address, () => proxy.isSilent = true],
      [`127.0.0.2:${port}`, () => {}],
      [`nosuch.invalid:${port}`, () => {}],
      ["127.0.0.1:99999", () => {}],
    ];
    const errors = [error];
    for (const [where, happen] of mishaps) {
      happen();
      errors.push(await failure(dial(`http://${wrong}@${where}`, 500)));
    }
    errors.push(await failure(dial(`https://${wrong}@${address}`, 500)));
    errors.push(await failure(dial(`socks5://${wrong}@${address}`)));
    // As they stand in the variable, and as they go over the wire.
    for (const { message, cause } of errors) {
      for (const secret of ["hunter", btoa(wrong)]) {
        assert.ok(!`${message} ${cause}`.includes(secret), message);
      }
    }
  });
});

Deno.test("dialFromEnvironment() reports that the proxy is at fault", async () => {
  await withProxy(async ({ proxy, dial }) => {
    proxy.refusal = "403 Forbidden";
    const refused = await failure(dial());
    assert.match(refused.message, /refuses a connection to 'echo\.test:\d+' \(HTTP 403\)$/);
    proxy.isSilent = true;
    assert.match(
      (await failure(dial(undefined, 500))).message,
      /^the HTTP proxy '.*' does not answer/,
    );
    proxy.isSilent = false;
    proxy.isGarbled = true;
    assert.match((await failure(dial())).message, /^the HTTP proxy '.*' fails: /);
    const { why, message } = await failure(dial("http://127.0.0.1:1"));
    assert.equal(why, "proxy");
    assert.match(message, /^the HTTP proxy '127\.0\.0\.1:1' cannot be reached: connection refused/);
  });
});

Deno.test("dialFromEnvironment() goes to this machine directly", async () => {
  await using echo = new TcpListener(net.createServer((socket) => void socket.pipe(socket)));
  await echo.start();
  const options = { lookup: lookupAll, timeoutMs: 10_000, signal: new AbortController().signal };
  const env = { HTTPS_PROXY: "http://127.0.0.1:1" };
  const socket = await dialFromEnvironment({ host: HOST, port: echo.port }, env, options);
  const closed = once(socket, "close");
  socket.destroy();
  await closed;
});
