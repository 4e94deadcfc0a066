import assert from "node:assert/strict";
import fc from "fast-check";
import type { MailKind } from "./outbox.ts";
import { changes, decodeRecord, encodeRecord, expectation, RECORD_KEYS } from "./record.ts";
import { aRecord, owed } from "../testing/fixtures.ts";
import { NOW_MS } from "../../testing/fake_clock.ts";

const full = aRecord({
  user: "user-foo",
  roles: ["role-foo", "role-bar"],
  requestReason: "foo reason",
  reviewsCount: 3,
  resolution: "APPROVED",
  resolveReason: "foo ok",
  threads: [
    { recipient: "E1", time: "0000001", messageId: "M1" },
    { recipient: "E2", time: "0000002", messageId: "M2" },
  ],
});

Deno.test("encodeRecord() writes the original's seven keys in its format", () => {
  const ours = [
    "owed",
    "owner",
    "failed",
    "reopened",
    "reminded",
    "warned",
    "expires",
    "request_type",
    "follow_ups",
  ];
  const original = Object.fromEntries(
    Object.entries(encodeRecord(full)).filter(([key]) => !ours.includes(key)),
  );
  assert.deepEqual(original, {
    user: "user-foo",
    roles: "role-foo,role-bar",
    request_reason: "foo reason",
    reviews_count: "3",
    resolution: "APPROVED",
    resolve_reason: "foo ok",
    email_threads: "E1/0000001/M1,E2/0000002/M2",
  });
});

Deno.test("decodeRecord() reads back what encodeRecord() wrote", () => {
  const { record, problems } = decodeRecord(encodeRecord(full));
  assert.deepEqual(problems, []);
  assert.deepEqual({ ...record, threads: record?.threads.map(({ stored: _, ...t }) => t) }, full);
});

Deno.test("encodeRecord() cuts texts so that the record fits into Teleport's limit", () => {
  // "<" takes six bytes in the JSON that Go writes.
  const giant = "<".repeat(2_000_000);
  const reviewers = Array.from({ length: 100 }, (_, n) => `${"r".repeat(240)}${n}@example.com`);
  const record = aRecord({
    user: giant,
    roles: [giant, giant],
    requestReason: giant,
    resolveReason: giant,
    threads: reviewers.map((recipient) => ({ recipient, time: "t".repeat(30), messageId: "m" })),
    owed: reviewers.map((to) => owed("review", to, 1)),
  });
  const raw = encodeRecord(record);
  assert.equal(raw["request_reason"], `${"<".repeat(16_384)}… (1983616 more characters)`);
  const json = JSON.stringify(raw).replaceAll("<", "\\u003c");
  assert.ok(new TextEncoder().encode(json).length < 1_000_000);
  // What was read back is written as it is: there is nothing to change.
  const again = decodeRecord(raw).record;
  assert.ok(again);
  assert.deepEqual(changes(raw, encodeRecord(again)), {});
});

Deno.test("encodeRecord() counts bytes as Go writes them, which escapes more", () => {
  const cut = (character: string) =>
    encodeRecord(aRecord({ requestReason: character.repeat(100_000) }))["request_reason"] !==
      character.repeat(100_000);
  assert.deepEqual(["<", ">", "&", "\u2028", "x"].map(cut), [true, true, true, true, false]);
});

Deno.test("encodeRecord() keeps long reasons verbatim as long as they fit", () => {
  for (const reason of ["x".repeat(400_000), "<".repeat(80_000), "\u{1f600}".repeat(100_000)]) {
    assert.equal(encodeRecord(aRecord({ requestReason: reason }))["request_reason"], reason);
  }
});

Deno.test("A record keeps the recipients of later emails; an invalid value counts as absent", () => {
  const also = { also: ["audit@x.org"], except: [], isSilent: false };
  const silent = { also: [], except: [], isSilent: true };
  const except = { also: [], except: ["page@x.org"], isSilent: false };
  for (
    const [followUps, text] of [
      [
        { review: silent, resolution: also, hasListOwners: false },
        '{"review":{"silent":true},"resolution":{"also":["audit@x.org"]}}',
      ],
      [
        { review: except, resolution: except, hasListOwners: true },
        '{"review":{"except":["page@x.org"]},"resolution":{"except":["page@x.org"]},' +
        '"list_owners":true}',
      ],
    ] as const
  ) {
    const raw = encodeRecord(aRecord({ followUps }));
    assert.equal(raw.follow_ups, text);
    assert.deepEqual(decodeRecord(raw).record?.followUps, followUps);
  }
  assert.equal(encodeRecord(aRecord()).follow_ups, "");
  for (const text of ["{", "[]", '{"review":{"also":[""]}}', '{"resolution":{"silent":"yes"}}']) {
    const { record, problems } = decodeRecord({ user: "alice", follow_ups: text });
    assert.deepEqual(problems, ["follow_ups is not a table of recipients"]);
    assert.equal(record?.followUps, undefined);
  }
});

Deno.test("encodeRecord() of an empty record gives every key, all empty", () => {
  const empty = aRecord({ user: "", roles: [], requestReason: "" });
  assert.deepEqual(encodeRecord(empty), Object.fromEntries(RECORD_KEYS.map((key) => [key, ""])));
});

Deno.test("decodeRecord() finds no record in an empty entry", () => {
  assert.deepEqual(decodeRecord({}), { record: undefined, problems: [] });
  assert.deepEqual(decodeRecord({ user: "", owed: "" }), { record: undefined, problems: [] });
});

Deno.test("decodeRecord() reads the two keys of releases before email_threads", () => {
  const raw = { user: "u", email: "a@b.c", timestamp: "2020-01-01 00:00:00 +0000 UTC" };
  const { record } = decodeRecord(raw);
  assert.equal(record?.threads[0]?.recipient, "a@b.c");
  assert.equal(record && encodeRecord(record).email_threads, "");
  const thread = { recipient: "E", time: "T", messageId: "M" };
  const threads = [...record?.threads ?? [], thread];
  assert.equal(record && encodeRecord({ ...record, threads }).email_threads, "E/T/M");
});

Deno.test("decodeRecord() keeps items of email_threads that are not threads", () => {
  const raw = { user: "u", "email_threads": "nonsense,E/T/M" };
  const { record } = decodeRecord(raw);
  assert.deepEqual(record?.foreignThreads, ["nonsense"]);
  assert.equal(encodeRecord(record).email_threads, raw.email_threads);
});

Deno.test("decodeRecord() makes a record of nonsense and reports what it did not understand", () => {
  const { record, problems } = decodeRecord({
    user: "u",
    reviews_count: "many",
    resolution: "MAYBE",
    owner: "me",
    owed: '[{"kind":"new","to":"a@b.c","since":"2026-11-24T12:00:00Z"},{"kind":"new"},7]',
    failed: "{",
  });
  assert.equal(record?.owed.length, 1);
  assert.equal(record?.reviewsCount, 0);
  assert.equal(record?.owner, undefined);
  // The request has been closed, whatever the word was.
  assert.equal(record?.resolution, "UNKNOWN");
  assert.deepEqual(record?.roles, []);
  assert.deepEqual(problems.map((p) => p.split(" ")[0]), [
    "owner",
    "reviews_count",
    "resolution",
    "owed",
    "owed",
    "failed",
  ]);
});

Deno.test("expectation() names every key, so that Teleport compares and does not just write", () => {
  assert.deepEqual(Object.keys(expectation({})), [...RECORD_KEYS]);
  assert.equal(expectation({ user: "u", other: "x" }).user, "u");
});

Deno.test("changes() contains only differences, and keeps other programs' keys", () => {
  const values = expectation({ user: "u", owner: "me 2026-11-24T12:00:00.000Z", theirs: "x" });
  assert.deepEqual(changes(values, expectation({ user: "u", owner: "", roles: "dev" })), {
    roles: "dev",
    owner: "",
  });
});

const kind = fc.constantFrom<MailKind>(
  "new",
  "review",
  "resolution",
  "requester-new",
  "requester-resolution",
);
const address = fc.string({ minLength: 1 });
const plain = { noNullPrototype: true } as const;

Deno.test("decodeRecord() is the inverse of encodeRecord() for owed and failed mails and the lease", () => {
  const time = fc.integer({ min: 1, max: NOW_MS });
  const mails = fc.array(fc.record({
    kind,
    to: address,
    index: fc.nat(),
    sinceMs: time,
    attempts: fc.nat(),
    notBeforeMs: fc.oneof(fc.constant(0), time),
  }, plain));
  const failed = fc.array(
    fc.record({ kind, to: address, index: fc.nat(), error: fc.string(), atMs: time }, plain),
  );
  const owner = fc.record({ instance: fc.stringMatching(/^[a-z0-9]+$/), untilMs: time }, plain);
  fc.assert(fc.property(mails, failed, owner, (owed, failed, owner) => {
    const record = aRecord({ owed, failed, owner });
    assert.deepEqual(decodeRecord(encodeRecord(record)), { record, problems: [] });
  }));
});

Deno.test("decodeRecord() accepts any entry", () => {
  fc.assert(fc.property(
    fc.dictionary(fc.constantFrom(...RECORD_KEYS), fc.oneof(fc.string(), fc.json())),
    (raw) => {
      const { record } = decodeRecord(raw);
      const again = record && decodeRecord(encodeRecord(record));
      // What could be understood is written so that it is understood without a complaint.
      assert.deepEqual(again?.problems ?? [], []);
    },
  ));
});

Deno.test("encodeRecord() leaves out an expiry that no calendar reaches", () => {
  const expires = (expiresMs: number) => encodeRecord(aRecord({ expiresMs }))["expires"];
  assert.equal(expires(Date.parse("2026-11-25T00:00:00Z")), "2026-11-25T00:00:00.000Z");
  for (const expiresMs of [9e15, Infinity, NaN]) assert.equal(expires(expiresMs), "");
});

Deno.test("decodeRecord() reports what it does not understand in few lines, whatever is in a record", () => {
  const items = Array.from(
    { length: 5000 },
    (_, i) => ({ kind: "new", line: `${i}\n${"x".repeat(500)}` }),
  );
  const { record, problems } = decodeRecord({
    ...encodeRecord(aRecord({ user: "alice@example.com" })),
    reviews_count: `1\n${"9".repeat(100_000)}`,
    owed: JSON.stringify(items),
  });
  assert.deepEqual([record?.user, record?.owed, record?.reviewsCount], [
    "alice@example.com",
    [],
    0,
  ]);
  assert.equal(problems.length, 11);
  assert.ok(problems.every((problem) => problem.length <= 310 && !problem.includes("\n")));
  assert.equal(problems.at(-1), "4991 more problems of the same record");
});
