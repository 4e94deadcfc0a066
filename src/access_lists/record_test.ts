import assert from "node:assert/strict";
import fc from "fast-check";
import { NOW_MS } from "../testing/fake_clock.ts";
import {
  decodeListRecord,
  encodeListRecord,
  expectationOf,
  isLeasedToOther,
  LEASE_MS,
  type ListRecord,
  maySend,
} from "./record.ts";

Deno.test("decodeListRecord() reads back what encodeListRecord() wrote", () => {
  const record: ListRecord = {
    remindedMs: NOW_MS,
    owed: ["a@x.org", '"b,c"@x.org'],
    owner: { instance: "one", untilMs: NOW_MS + 1 },
  };
  assert.deepEqual(decodeListRecord(encodeListRecord(record)), record);
  assert.deepEqual(encodeListRecord({ owed: [] }), { reminded: "", owed: "", owner: "" });
  assert.deepEqual(decodeListRecord({}), { owed: [] });
});

Deno.test("decodeListRecord() never throws, and leaves out what it does not understand", () => {
  const raw = { reminded: "soon", owed: '{"a": 1}', owner: "one two three" };
  assert.deepEqual(decodeListRecord(raw), { owed: [] });
  fc.assert(fc.property(fc.dictionary(fc.constantFrom("reminded", "owed", "owner"), fc.string()), (
    raw,
  ) => assert.ok(Array.isArray(decodeListRecord(raw).owed))));
});

Deno.test("expectationOf() names every key", () => {
  assert.deepEqual(expectationOf({ owed: "x", other: "y" }), {
    reminded: "",
    owed: "x",
    owner: "",
  });
});

Deno.test("A lease keeps others away until shortly after its end, unless no replica takes one so long", () => {
  const leased = (untilMs: number): ListRecord => ({
    owed: ["a@x.org"],
    owner: { instance: "one", untilMs },
  });
  assert.equal(isLeasedToOther(leased(NOW_MS - 4_999), "two", NOW_MS), true);
  assert.equal(isLeasedToOther(leased(NOW_MS - 5_000), "two", NOW_MS), false);
  assert.equal(isLeasedToOther(leased(NOW_MS + LEASE_MS), "one", NOW_MS), false);
  assert.equal(isLeasedToOther(leased(NOW_MS + 2 * LEASE_MS), "two", NOW_MS), false);
  assert.equal(isLeasedToOther({ owed: [] }, "two", NOW_MS), false);
  assert.equal(maySend(leased(NOW_MS + LEASE_MS), NOW_MS), true);
  assert.equal(maySend(leased(NOW_MS + 60_000), NOW_MS), false);
  assert.equal(maySend({ owed: [] }, NOW_MS), false);
});
