import assert from "node:assert/strict";
import { FakeClock } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";
import { errorOf } from "../testing/with_cluster.ts";
import { Caller } from "./caller.ts";

function aCaller(): Caller {
  const connections = { get: () => assert.fail("no connection is needed") };
  const runtime = { clock: new FakeClock(), random: () => 0, log: fakeLog() };
  return new Caller("auth:3025", connections, runtime);
}

Deno.test("Caller.pages() joins pages in order, the first with no token", async () => {
  const pages: Record<string, { items: number[]; next: string }> = {
    "": { items: [1, 2], next: "b" },
    b: { items: [], next: "c" },
    c: { items: [3], next: "" },
  };
  const fetch = (token: string) => Promise.resolve(pages[token] ?? assert.fail(token));
  assert.deepEqual(await aCaller().pages("list things", fetch), [1, 2, 3]);
});

Deno.test("Caller.pages() limits a listing without end", async () => {
  const same = () => Promise.resolve({ items: [], next: "again" });
  let number = 0;
  const fresh = () => Promise.resolve({ items: [], next: String(++number) });
  for (const fetch of [same, fresh]) {
    const error = await errorOf(aCaller().pages("list things", fetch));
    assert.equal(
      error.message,
      "Cannot list things at 'auth:3025': the server sends pages without end",
    );
    assert.equal(error.kind, "other");
  }
});
