import assert from "node:assert/strict";
import { serveHttp } from "./http.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };

async function get(port: number, path: string, method = "GET"): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return [response.status, await response.text()];
}

Deno.test("serveHttp() answers that the process turns, and why it is not ready", async () => {
  const reasons = ["not connected", "mail: refused"];
  await using server = serveHttp(LOCAL, () => reasons);
  assert.deepEqual(await get(server.port, "/healthz"), [200, "ok\n"]);
  assert.deepEqual(await get(server.port, "/readyz"), [503, "not connected\nmail: refused\n"]);
  reasons.length = 0;
  assert.deepEqual(await get(server.port, "/readyz?verbose"), [200, "ok\n"]);
  assert.deepEqual(await get(server.port, "/nosuch"), [404, "not found\n"]);
  assert.deepEqual(await get(server.port, "/readyz", "POST"), [405, "method not allowed\n"]);
});

Deno.test("serveHttp() says which address is taken", async () => {
  await using server = serveHttp(LOCAL, () => []);
  const { port } = server;
  assert.throws(() => serveHttp({ ...LOCAL, port }, () => []), {
    message: `Cannot listen on http.listen '127.0.0.1:${port}': the address is already in use`,
  });
});
