import assert from "node:assert/strict";
import fc from "fast-check";
import { type HttpRequest, isFromThisMachine, plain, serveConnection } from "./http_connection.ts";

const decoder = new TextDecoder("latin1");

/** What is written to a client that sends `chunks` and hangs up, and what was asked for. */
async function exchange(...chunks: readonly Uint8Array[]) {
  const unread = chunks.filter(({ length }) => length > 0);
  const requests: HttpRequest[] = [];
  let written = "";
  const connection = {
    remoteAddr: { hostname: "192.0.2.1" },
    localAddr: { hostname: "192.0.2.2" },
    read: (buffer: Uint8Array) => {
      const [chunk] = unread;
      if (chunk === undefined) return Promise.resolve(null);
      const length = Math.min(chunk.length, buffer.length);
      buffer.set(chunk.subarray(0, length));
      unread[0] = chunk.subarray(length);
      if (unread[0].length === 0) unread.shift();
      return Promise.resolve(length);
    },
    // A few bytes at a time, as a slow client takes them.
    write: (bytes: Uint8Array) => {
      const taken = bytes.subarray(0, 7);
      written += decoder.decode(taken);
      return Promise.resolve(taken.length);
    },
    closeWrite: () => Promise.resolve(),
  };
  await serveConnection(connection as unknown as Deno.TcpConn, (request) => {
    requests.push(request);
    return Promise.resolve(plain(200, "well"));
  });
  return { written, requests };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("serveConnection() reads a request in pieces and answers it once", async () => {
  const text = "GET /status?x#y HTTP/1.1\r\nHost: a\r\n\r\nGET /other HTTP/1.1\r\n\r\n";
  const { written, requests } = await exchange(...[...text].map(bytes));
  assert.deepEqual(requests, [{ method: "GET", path: "/status", isLocal: false }]);
  assert.match(
    written,
    /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain; charset=utf-8\r\ncontent-length: 5\r\n/,
  );
  assert.match(written, /\r\nconnection: close\r\n\r\nwell\n$/);
});

Deno.test("serveConnection() accepts bare line feeds, absolute URLs and HTTP/1.0", async () => {
  const paths = async (text: string) =>
    (await exchange(bytes(text))).requests.map(({ path }) => path);
  assert.deepEqual(await paths("GET /a HTTP/1.0\n\n"), ["/a"]);
  assert.deepEqual(await paths("GET http://host:1/a?b HTTP/1.1\r\n\r\n"), ["/a"]);
  assert.deepEqual(await paths("GET http://host HTTP/1.1\r\n\r\n"), ["/"]);
});

Deno.test("serveConnection() answers HEAD without the body", async () => {
  const { written } = await exchange(bytes("HEAD / HTTP/1.1\r\n\r\n"));
  assert.match(written, /content-length: 5\r\n[^]*\r\n\r\n$/);
});

Deno.test("serveConnection() refuses what is not a request, and does not answer a client that hangs up", async () => {
  const status = async (text: string) => (await exchange(bytes(text))).written.slice(9, 12);
  assert.equal(await status("\x16\x03\x01\r\n\r\n"), "400");
  assert.equal(await status("GET /\r\n\r\n"), "400");
  assert.equal(await status("GET / HTTP/2.0\r\n\r\n"), "400");
  assert.equal(await status(`GET / HTTP/1.1\r\nX: ${"x".repeat(8192)}\r\n\r\n`), "431");
  assert.equal(await status("GET / HTTP/1.1\r\nHost: a\r\n"), "");
  assert.equal(await status(""), "");
});

Deno.test("serveConnection() survives 10,000 arbitrary inputs", async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom("GET ", "/", " HTTP/1.1", "\r\n", "\n", "\r", "Host: x", "HEAD ", "\0", "é")
      .map(bytes),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const { written } = await exchange(...pieces);
      assert.match(written, /^$|^HTTP\/1\.1 (200|400|431) [A-Z]/);
    }),
    { numRuns: 10_000, seed: 20261128 },
  );
});

Deno.test("isFromThisMachine() recognizes loopback and the machine's own address", () => {
  const cases: [string, string, boolean][] = [
    ["127.0.0.1", "127.0.0.1", true],
    ["127.8.9.1", "127.0.0.1", true],
    ["::1", "::1", true],
    ["::ffff:127.0.0.1", "::ffff:127.0.0.1", true],
    ["192.0.2.7", "192.0.2.7", true],
    ["192.0.2.8", "192.0.2.7", false],
    ["2001:db8::1", "2001:db8::2", false],
    ["::ffff:192.0.2.8", "::ffff:192.0.2.7", false],
  ];
  for (const [remote, local, expected] of cases) {
    const address = (hostname: string) => ({ transport: "tcp" as const, hostname, port: 1 });
    const connection = { remoteAddr: address(remote), localAddr: address(local) };
    assert.equal(isFromThisMachine(connection), expected, `${remote} to ${local}`);
  }
});
