import assert from "node:assert/strict";
import { foreignLeaseEndMs, holdsLease, withLease } from "./lease.ts";
import { aRecord, owed } from "../testing/fixtures.ts";
import { NOW_MS } from "../../testing/fake_clock.ts";

const mine = (untilMs: number) => ({ instance: "me", untilMs });
const theirs = (untilMs: number) => ({ instance: "them", untilMs });

Deno.test("holdsLease() is true for our lease until shortly before its end", () => {
  assert.equal(holdsLease(mine(NOW_MS + 5000), "me", NOW_MS), true);
  assert.equal(holdsLease(mine(NOW_MS + 900), "me", NOW_MS), false);
  assert.equal(holdsLease(theirs(NOW_MS + 5000), "me", NOW_MS), false);
  assert.equal(holdsLease(undefined, "me", NOW_MS), false);
});

Deno.test("foreignLeaseEndMs() waits 5 s longer than another's lease lasts", () => {
  assert.equal(foreignLeaseEndMs(theirs(NOW_MS + 1000), "me", NOW_MS), NOW_MS + 6000);
  assert.equal(foreignLeaseEndMs(theirs(NOW_MS - 4999), "me", NOW_MS), NOW_MS + 1);
  assert.equal(foreignLeaseEndMs(theirs(NOW_MS - 5000), "me", NOW_MS), undefined);
  assert.equal(foreignLeaseEndMs(mine(NOW_MS + 1000), "me", NOW_MS), undefined);
});

Deno.test("foreignLeaseEndMs() does not wait for a lease longer than any replica takes", () => {
  assert.equal(foreignLeaseEndMs(theirs(NOW_MS + 25_001), "me", NOW_MS), undefined);
  assert.equal(foreignLeaseEndMs(theirs(NOW_MS + 25_000), "me", NOW_MS), NOW_MS + 30_000);
});

Deno.test("withLease() sets a lease of 20 s only while mails are owed", () => {
  const busy = aRecord({ owed: [owed("new", "a@x.org")] });
  assert.deepEqual(withLease(busy, "me", NOW_MS).owner, mine(NOW_MS + 20_000));
  assert.equal(withLease({ ...busy, owner: mine(NOW_MS) }, undefined, NOW_MS).owner, undefined);
  assert.equal(withLease(aRecord({ owner: mine(NOW_MS) }), "me", NOW_MS).owner, undefined);
});

Deno.test("holdsLease() does not trust a lease longer than any replica takes, as after a step of the clock", () => {
  assert.equal(holdsLease(mine(NOW_MS + 25_001), "me", NOW_MS), false);
  assert.equal(holdsLease(mine(NOW_MS + 25_000), "me", NOW_MS), true);
});
