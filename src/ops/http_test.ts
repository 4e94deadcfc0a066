import assert from "node:assert/strict";
import { connect } from "node:net";
import { systemClock } from "../clock.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { type Pages, serveHttp } from "./http.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };

/** A server whose `/count` says how often it was made. */
async function counting(clock = new FakeClock()) {
  let made = 0;
  const pages: Pages = { "/count": { make: () => ({ body: `${++made}\n` }) } };
  return { clock, server: await serveHttp(LOCAL, pages, clock), made: () => made };
}

/** A client that sends `text` and then only looks at what happens to the connection. */
function client(port: number, text: string) {
  const socket = connect({ host: "127.0.0.1", port });
  const closed = Promise.withResolvers<string>();
  let received = "";
  socket.on("data", (data) => received += data);
  socket.on("error", () => {});
  socket.on("close", () => closed.resolve(received));
  socket.write(text);
  return { socket, closed: closed.promise };
}

Deno.test("serveHttp() serves pages, and refuses what is not one", async () => {
  await using server = await serveHttp(LOCAL, {
    "/text": { make: () => ({ body: "words\n" }) },
    "/json": {
      make: () => Promise.resolve({ status: 503, contentType: "application/json", body: "{}" }),
    },
    "/broken": { make: () => Promise.reject(new Error("out of order")) },
    "/local": { make: () => ({ body: "here\n" }), isLocal: true },
  }, systemClock);
  const ask = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    const type = response.headers.get("content-type");
    return [response.status, type, await response.text()];
  };
  const text = "text/plain; charset=utf-8";
  assert.deepEqual(await ask("/text"), [200, text, "words\n"]);
  assert.deepEqual(await ask("/text?verbose"), [200, text, "words\n"]);
  assert.deepEqual(await ask("/text", "HEAD"), [200, text, ""]);
  assert.deepEqual(await ask("/json"), [503, "application/json", "{}"]);
  assert.deepEqual(await ask("/local"), [200, text, "here\n"]);
  assert.deepEqual(await ask("/broken"), [500, text, "out of order\n"]);
  assert.deepEqual(await ask("/nosuch"), [404, text, "not found\n"]);
  assert.deepEqual(await ask("/constructor"), [404, text, "not found\n"]);
  assert.deepEqual(await ask("/text", "POST"), [405, text, "method not allowed\n"]);
});

Deno.test("serveHttp() makes a page at most four times a second, however often it is asked for", async () => {
  const { clock, server, made } = await counting();
  const ask = async () => await (await fetch(`http://127.0.0.1:${server.port}/count`)).text();
  await Promise.all(Array.from({ length: 50 }, ask));
  assert.equal(made(), 1);
  await clock.tick(249);
  assert.equal(await ask(), "1\n");
  await clock.tick(1);
  assert.equal(await ask(), "2\n");
  await server[Symbol.asyncDispose]();
  assert.equal(clock.pending, 0);
});

Deno.test("serveHttp() answers one request of a client that sends many at once, and hangs up", async () => {
  const { server, made } = await counting();
  const request = "GET /count HTTP/1.1\r\nHost: x\r\n\r\n";
  const received = await client(server.port, request.repeat(100)).closed;
  assert.equal(received.match(/HTTP\/1.1 200/g)?.length, 1);
  assert.equal(made(), 1);
  await server[Symbol.asyncDispose]();
});

Deno.test("serveHttp() cuts off clients that take too long, and the oldest when there are too many", async () => {
  const { clock, server } = await counting();
  const opened = Array.from({ length: 64 }, () => client(server.port, "GET /count HTTP/1.1\r\n"));
  await Promise.all(opened.map(({ socket }) => new Promise((done) => socket.once("ready", done))));
  const ask = async () => await (await fetch(`http://127.0.0.1:${server.port}/count`)).text();
  assert.equal(await ask(), "1\n");
  assert.equal(await Promise.race(opened.map(({ closed }) => closed)), "");
  await clock.tick(10_000);
  await Promise.all(opened.map(({ closed }) => closed));
  await server[Symbol.asyncDispose]();
});

Deno.test("serveHttp() refuses a header that is too large", async () => {
  const { server } = await counting();
  const header = `X-Long: ${"x".repeat(10_000)}`;
  const { closed } = client(server.port, `GET /count HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`);
  assert.match(await closed, /^HTTP\/1.1 431 /);
  await server[Symbol.asyncDispose]();
});

Deno.test("Disposal of a server cuts off a client that does not take its response, and idle ones at once", async () => {
  const large = "x".repeat(30_000_000);
  const pages: Pages = { "/large": { make: () => ({ body: large }) } };
  const clock = new FakeClock();
  const server = await serveHttp(LOCAL, pages, clock);
  const idle = client(server.port, "");
  const stalled = client(server.port, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  await new Promise((done) => stalled.socket.once("data", done));
  stalled.socket.pause();
  let isDisposed = false;
  const disposed = server[Symbol.asyncDispose]().then(() => isDisposed = true);
  assert.equal(await idle.closed, "");
  await clock.tick(999);
  assert.equal(isDisposed, false);
  await clock.tick(1);
  await disposed;
  stalled.socket.destroy();
  assert.equal(clock.pending, 0);
});

Deno.test("A suspended server releases its address to another, and takes it back unless it was disposed", async () => {
  const { server } = await counting();
  const { port } = server;
  await server.suspend();
  const other = await serveHttp({ host: "0.0.0.0", port }, {}, systemClock);
  await assert.rejects(server.resume(), { name: "ListenError", isInUse: true });
  await other[Symbol.asyncDispose]();
  await server.resume();
  const ask = async () => await (await fetch(`http://127.0.0.1:${port}/count`)).text();
  assert.equal(await ask(), "1\n");
  await server[Symbol.asyncDispose]();
  await server.resume();
  await assert.rejects(ask());
});

Deno.test("serveHttp() names the address that it cannot listen on, and the cause", async () => {
  await using server = await serveHttp(LOCAL, {}, systemClock);
  const { port } = server;
  const bad = [
    [
      { ...LOCAL, port },
      /^Cannot listen on http\.listen '127\.0\.0\.1:\d+': the address is alread/,
    ],
    [{ host: "192.0.2.1", port: 8080 }, /'192\.0\.2\.1:8080': this machine has no such address: /],
    [{ host: "nosuch.invalid", port: 8080 }, /'nosuch\.invalid:8080': the host name cannot be /],
  ] as const;
  for (const [address, message] of bad) {
    await assert.rejects(serveHttp(address, {}, systemClock), { message });
  }
});

Deno.test("serveHttp() without a host answers both families where the machine has both", async () => {
  const hasIpv6 = (() => {
    try {
      Deno.listen({ hostname: "::1", port: 0 }).close();
      return true;
    } catch {
      return false;
    }
  })();
  const pages = { "/healthz": { make: () => ({ status: 200, body: "ok\n" }) } };
  await using server = await serveHttp({ host: "", port: 0 }, pages, systemClock);
  for (const host of ["127.0.0.1", ...hasIpv6 ? ["[::1]"] : []]) {
    const response = await fetch(`http://${host}:${server.port}/healthz`);
    assert.equal(await response.text(), "ok\n");
  }
});
