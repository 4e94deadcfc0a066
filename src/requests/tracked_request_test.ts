import assert from "node:assert/strict";
import { FakeClock, NOW_MS } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";
import { unobserved } from "./observer.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";
import { TrackedRequest } from "./tracked_request.ts";

const REQUEST = aRequest({ expiresMs: NOW_MS + 10_000 });

function track() {
  const clock = new FakeClock();
  const entry = new TrackedRequest("r1", REQUEST, {
    cluster: new FakeCluster(),
    observer: unobserved,
    clock,
    random: () => 0.5,
    log: fakeLog(),
  });
  return { clock, entry };
}

Deno.test("TrackedRequest takes a missing request for gone 5 s after its expiry", async () => {
  const { clock, entry } = track();
  entry.expire();
  assert.equal(entry.goneAtMs, undefined);
  entry.isMissing = true;
  assert.equal(entry.goneAtMs, NOW_MS + 15_000);
  await clock.tick(14_999);
  entry.expire();
  assert.equal(entry.snapshot, REQUEST);
  await clock.tick(1);
  entry.expire();
  assert.equal(entry.snapshot, "gone");
});

Deno.test("TrackedRequest that was missing and is seen again is not missing any more", () => {
  const { entry } = track();
  entry.isMissing = true;
  entry.update(REQUEST);
  assert.deepEqual([entry.isMissing, entry.goneAtMs], [false, undefined]);
});

Deno.test("TrackedRequest keeps the decision of a request that is deleted afterwards", () => {
  const { entry } = track();
  const decided = aRequest({ state: "DENIED" });
  const { outdated } = entry;
  entry.update(decided);
  entry.update("gone");
  assert.equal(outdated.aborted, true);
  assert.deepEqual([entry.snapshot, entry.effectiveSnapshot], ["gone", decided]);
});
