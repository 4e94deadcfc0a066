import assert from "node:assert/strict";
import { mailKey, readFailed, readOwed } from "./outbox.ts";

const SINCE = "2026-11-24T12:00:00Z";

Deno.test("mailKey() tells mails apart by kind, index and recipient", () => {
  const mail = { kind: "review", index: 1, to: "a@x.org" } as const;
  const others = [{ kind: "resolution" }, { index: 0 }, { to: "b@x.org" }] as const;
  const keys = [mail, ...others.map((change) => ({ ...mail, ...change }))].map(mailKey);
  assert.equal(new Set(keys).size, 4);
});

Deno.test("readOwed() and readFailed() drop items that name no mail, and say which field is wrong", () => {
  const good = { kind: "review", to: "a@x.org", index: 1, since: SINCE, at: SINCE, error: "no" };
  const wrong = [
    { ...good, index: -1 },
    { ...good, index: 0.5 },
    { ...good, to: "" },
    { ...good, kind: "nothing" },
    { ...good, since: "soon", at: "soon" },
  ];
  for (const read of [readOwed, readFailed]) {
    const problems: string[] = [];
    const mails = read(JSON.stringify([...wrong, good]), problems);
    assert.deepEqual(mails.map(mailKey), ["review/1/a@x.org"]);
    assert.deepEqual(problems.map((line) => /\('(\w+)'/.exec(line)?.[1]), [
      "index",
      "index",
      "to",
      "kind",
      read === readOwed ? "since" : "at",
    ]);
  }
});
