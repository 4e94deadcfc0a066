import assert from "node:assert/strict";
import fc from "fast-check";
import { NOW_MS } from "../testing/fake_clock.ts";
import { decodeListRecord, encodeListRecord, expectationOf, type ListRecord } from "./record.ts";

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
