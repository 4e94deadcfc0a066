import assert from "node:assert/strict";
import { dial, type Lookup, lookupAll } from "./dial.ts";
import { DialError } from "./dial_error.ts";
import { startLineServer } from "../mail/testing/line_server.ts";

const never = new AbortController().signal;

async function failure(lookup: Lookup, signal = never, timeoutMs = 10_000): Promise<DialError> {
  try {
    await dial({ host: "mail.test", port: 1 }, { lookup, timeoutMs, signal });
  } catch (error) {
    assert.ok(error instanceof DialError);
    return error;
  }
  assert.fail("connected");
}

Deno.test("dial() resolves names as the system does and uses addresses unchanged", async () => {
  await using server = await startLineServer("220 test");
  for (const host of ["localhost", "127.0.0.1"]) {
    const options = { lookup: lookupAll, timeoutMs: 10_000, signal: never };
    const socket = await dial({ host, port: server.port }, options);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.destroy();
    await closed;
  }
});

Deno.test("dial() names every cause when no address answers", async () => {
  const error = await failure(() => Promise.resolve(["127.0.0.2", "127.0.0.3"]));
  assert.equal(error.why, "refused");
  assert.match(error.message, /127\.0\.0\.2.*; .*127\.0\.0\.3/);
});

Deno.test("dial() distinguishes unknown names, names without address and slow lookups", async () => {
  assert.equal((await failure(() => Promise.reject(new Error("ENOTFOUND")))).why, "dns");
  assert.equal((await failure(() => Promise.resolve([]))).why, "dns");
  const slow = await failure(() => new Promise(() => {}), never, 20);
  assert.equal(slow.why, "timeout");
  assert.match(slow.message, /no answer during the name lookup/);
});

Deno.test("dial() can be cancelled", async () => {
  assert.equal((await failure(() => new Promise(() => {}), AbortSignal.abort())).why, "cancelled");
});
