import assert from "node:assert/strict";
import { serveHttp } from "./http.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };

Deno.test("serveHttp() serves pages as they are when they are asked for", async () => {
  let count = 0;
  await using server = serveHttp(LOCAL, {
    "/text": () => ({ body: `${++count}\n` }),
    "/json": () => Promise.resolve({ status: 503, contentType: "application/json", body: "{}" }),
  });
  const ask = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    const type = response.headers.get("content-type");
    return [response.status, type, await response.text()];
  };
  const text = "text/plain; charset=utf-8";
  assert.deepEqual(await ask("/text"), [200, text, "1\n"]);
  assert.deepEqual(await ask("/text?verbose"), [200, text, "2\n"]);
  assert.deepEqual(await ask("/text", "HEAD"), [200, text, ""]);
  assert.deepEqual(await ask("/json"), [503, "application/json", "{}"]);
  assert.deepEqual(await ask("/nosuch"), [404, text, "not found\n"]);
  assert.deepEqual(await ask("/text", "POST"), [405, text, "method not allowed\n"]);
});

Deno.test("serveHttp() says which address cannot be listened on, and why", async () => {
  await using server = serveHttp(LOCAL, {});
  const { port } = server;
  const bad = [
    [
      { ...LOCAL, port },
      /^Cannot listen on http\.listen '127\.0\.0\.1:\d+': the address is alread/,
    ],
    [{ host: "192.0.2.1", port: 8080 }, /'192\.0\.2\.1:8080': this machine has no such address: /],
    [{ host: "nosuch.invalid", port: 8080 }, /'nosuch\.invalid:8080': the host name cannot be /],
  ] as const;
  for (const [address, message] of bad) assert.throws(() => serveHttp(address, {}), { message });
});
