import assert from "node:assert/strict";
import fc from "fast-check";
import type { AccessRequest, RequestState } from "../teleport/access_request/read.ts";
import { mailKey } from "./record/outbox.ts";
import {
  needsListOwners,
  needsRecipients,
  needsRequester,
  plan,
  type PlanInput,
  supersededMails,
} from "./plan.ts";
import type { RoutedEvent } from "../routing/trace.ts";
import type { PluginRecord } from "./record/record.ts";
import { settle } from "./delivery/outcome.ts";
import { aRecord, aRequest, owed } from "./testing/fixtures.ts";
import { NOW_MS } from "../testing/fake_clock.ts";

const DAY_MS = 86_400_000;

function input(changes: Partial<PlanInput>): PlanInput {
  return {
    snapshot: aRequest(),
    record: undefined,
    recipients: ["a@x.org", "b@x.org"],
    nowMs: NOW_MS,
    catchUpMs: DAY_MS,
    ...changes,
  };
}

function run(changes: Partial<PlanInput>) {
  return plan(input(changes));
}

function recordOf(changes: Partial<PlanInput>): PluginRecord {
  const { record } = run(changes);
  assert.ok(record);
  return record;
}

function keys(record: PluginRecord): string[] {
  return record.owed.map(mailKey);
}

function review(author: string) {
  return { author, state: "APPROVED", reason: "okay", createdMs: NOW_MS } as const;
}

const thread = (recipient: string) => ({ recipient, time: "t", messageId: "m" });

Deno.test("plan() owes a new mail to every recipient of a pending request", () => {
  const record = recordOf({});
  assert.deepEqual(keys(record), ["new/0/a@x.org", "new/0/b@x.org"]);
  assert.deepEqual([record.user, record.roles, record.requestReason], [
    "alice@example.com",
    ["dev"],
    "deploy",
  ]);
});

Deno.test("plan() owes the reviews of a request first seen with reviews after the new mails", () => {
  const record = recordOf({ snapshot: aRequest({ reviews: [review("bob")] }) });
  assert.deepEqual(keys(record), [
    "new/0/a@x.org",
    "new/0/b@x.org",
    "review/0/a@x.org",
    "review/0/b@x.org",
  ]);
  assert.equal(record.reviewsCount, 1);
});

Deno.test("plan() ignores requests without recipients", () => {
  const cases: [Partial<PlanInput>, string][] = [
    [{ snapshot: "gone" }, "gone"],
    [{ snapshot: aRequest({ state: "APPROVED" }) }, "resolved"],
    [{ snapshot: aRequest({ state: "DENIED" }) }, "resolved"],
    [{ snapshot: aRequest({ state: "PROMOTED" }) }, "resolved"],
    [{ snapshot: aRequest({ state: "NONE" }) }, "unknown-state"],
    [{ snapshot: aRequest({ state: "UNKNOWN" }) }, "unknown-state"],
    [{ snapshot: aRequest({ createdMs: NOW_MS - DAY_MS - 1 }) }, "old"],
    [{ recipients: [] }, "no-recipients"],
  ];
  for (const [changes, ignored] of cases) {
    assert.deepEqual(run(changes), { record: undefined, ignored });
  }
});

Deno.test("plan() announces a request as old as the catch-up window, or without a time", () => {
  assert.equal(recordOf({ snapshot: aRequest({ createdMs: NOW_MS - DAY_MS }) }).owed.length, 2);
  const { createdMs: _, ...timeless } = aRequest();
  assert.equal(recordOf({ snapshot: timeless }).owed.length, 2);
});

Deno.test("plan() lets first mails wait for delivery.settle_for after the creation", () => {
  const requester = "r@x.org";
  const waits = (createdMs: number | undefined, settleForMs: number) => {
    const { createdMs: _, ...timeless } = aRequest();
    const snapshot = createdMs === undefined ? timeless : aRequest({ createdMs });
    const { owed } = recordOf({ snapshot, requester, settleForMs });
    assert.equal(owed.length, 3);
    return owed.map(({ notBeforeMs }) => notBeforeMs && notBeforeMs - NOW_MS);
  };
  assert.deepEqual(waits(NOW_MS, 0), [0, 0, 0]);
  assert.deepEqual(waits(NOW_MS - 3000, 10_000), [7000, 7000, 7000]);
  assert.deepEqual(waits(NOW_MS - 10_000, 10_000), [0, 0, 0]);
  // Neither a missing creation time nor one in the future makes it longer.
  assert.deepEqual(waits(undefined, 10_000), [10_000, 10_000, 10_000]);
  assert.deepEqual(waits(NOW_MS + 60_000, 10_000), [10_000, 10_000, 10_000]);
});

Deno.test("plan() replaces first mails that still wait by the decision, which does not wait", () => {
  const record = recordOf({ settleForMs: 10_000, requester: "r@x.org" });
  const decided = recordOf({
    record,
    snapshot: aRequest({ state: "APPROVED" }),
    settleForMs: 10_000,
    requester: "r@x.org",
  });
  assert.deepEqual(keys(decided), [
    "resolution/0/a@x.org",
    "resolution/0/b@x.org",
    "requester-resolution/0/r@x.org",
  ]);
  assert.ok(decided.owed.every(({ notBeforeMs }) => notBeforeMs === 0));
});

Deno.test("plan() returns the record itself when nothing changes", () => {
  const record = aRecord({ threads: [thread("a@x.org")], reviewsCount: 1 });
  assert.equal(recordOf({ record, snapshot: aRequest({ reviews: [review("bob")] }) }), record);
});

Deno.test("plan() owes new reviews to threads, and to recipients whose new mail is still owed", () => {
  const record = aRecord({ threads: [thread("a@x.org")], owed: [owed("new", "b@x.org")] });
  const next = recordOf({
    record,
    snapshot: aRequest({ reviews: [review("bob"), review("eve")] }),
  });
  assert.deepEqual(keys(next), [
    "new/0/b@x.org",
    "review/0/a@x.org",
    "review/0/b@x.org",
    "review/1/a@x.org",
    "review/1/b@x.org",
  ]);
  assert.equal(next.reviewsCount, 2);
});

Deno.test("plan() owes the resolution to every thread, after the reviews", () => {
  for (const state of ["APPROVED", "DENIED", "PROMOTED"] as const) {
    const record = aRecord({ threads: [thread("a@x.org"), thread("b@x.org")] });
    const next = recordOf({
      record,
      snapshot: aRequest({ state, resolveReason: "because", reviews: [review("bob")] }),
    });
    assert.deepEqual(keys(next), [
      "review/0/a@x.org",
      "review/0/b@x.org",
      "resolution/0/a@x.org",
      "resolution/0/b@x.org",
    ]);
    assert.deepEqual([next.resolution, next.resolveReason], [state, "because"]);
  }
});

Deno.test("plan() adds no reviews after the mail that closed the request", () => {
  const record = aRecord({ threads: [thread("a@x.org")], resolution: "DENIED" });
  assert.equal(recordOf({ record, snapshot: aRequest({ reviews: [review("bob")] }) }), record);
});

Deno.test("plan() lets a resolution supersede new mails, and their reviews", () => {
  const record = aRecord({
    threads: [thread("a@x.org")],
    owed: [owed("new", "b@x.org"), owed("review", "a@x.org"), owed("review", "b@x.org")],
    reviewsCount: 1,
  });
  const next = recordOf({
    record,
    snapshot: aRequest({ state: "DENIED", reviews: [review("bob")] }),
  });
  assert.deepEqual(keys(next), [
    "review/0/a@x.org",
    "resolution/0/a@x.org",
    "resolution/0/b@x.org",
  ]);
  assert.deepEqual(supersededMails(record, next).map(mailKey), [
    "new/0/b@x.org",
    "review/0/b@x.org",
  ]);
});

Deno.test("plan() closes a request that vanished undecided as EXPIRED, without its reviews", () => {
  const record = aRecord({ threads: [thread("a@x.org")], owed: [owed("review", "a@x.org")] });
  const next = recordOf({ record, snapshot: "gone", recipients: [] });
  assert.equal(next.resolution, "EXPIRED");
  assert.deepEqual(keys(next), ["resolution/0/a@x.org"]);
});

Deno.test("plan() sends no EXPIRED after a request was resolved, promoted ones included", () => {
  for (const resolution of ["APPROVED", "DENIED", "PROMOTED", "EXPIRED"] as const) {
    const record = aRecord({ threads: [thread("a@x.org")], resolution });
    assert.equal(recordOf({ record, snapshot: "gone", recipients: [] }), record);
  }
});

Deno.test("plan() tells the requester that a request is gone whose reviewers could not be mailed", () => {
  const failed = [{ ...owed("new", "a@x.org"), error: "no such user", atMs: NOW_MS }];
  const record = aRecord({ failed });
  assert.deepEqual(keys(recordOf({ record, snapshot: "gone", requester: "r@x.org" })), [
    "requester-resolution/0/r@x.org",
  ]);
  assert.equal(recordOf({ record, snapshot: "gone" }), record);
  const untold = aRecord();
  assert.equal(recordOf({ record: untold, snapshot: "gone", requester: "r@x.org" }), untold);
});

Deno.test("needsRequester() is true only when there is something to tell the requester", () => {
  const record = recordOf({ requester: "r@x.org" });
  const needs = (changes: Partial<PlanInput>) => needsRequester(input(changes));
  assert.equal(needs({}), true);
  assert.equal(needs({ record }), false);
  assert.equal(needs({ record, snapshot: aRequest({ reviews: [review("bob")] }) }), true);
  assert.equal(needs({ record: aRecord(), snapshot: "gone" }), false);
  assert.equal(needs({ record: undefined, snapshot: "gone" }), false);
});

Deno.test("plan() drops owed reviews of a resolved request that is gone, and keeps its resolution", () => {
  const record = aRecord({
    threads: [thread("a@x.org")],
    resolution: "APPROVED",
    owed: [owed("review", "a@x.org"), owed("resolution", "a@x.org")],
  });
  assert.deepEqual(keys(recordOf({ record, snapshot: "gone" })), ["resolution/0/a@x.org"]);
});

Deno.test("plan() owes the new mails of a record that the original left after a failed send", () => {
  assert.deepEqual(keys(recordOf({ record: aRecord() })), ["new/0/a@x.org", "new/0/b@x.org"]);
  const closed = recordOf({ record: aRecord(), snapshot: aRequest({ state: "APPROVED" }) });
  assert.deepEqual([closed.resolution, closed.owed], ["APPROVED", []]);
  assert.deepEqual(recordOf({ record: aRecord(), snapshot: "gone" }), aRecord());
});

Deno.test("plan() notifies the requester on submission and at the end, if configured", () => {
  const requester = "alice@example.com";
  const first = recordOf({ requester });
  assert.deepEqual(keys(first).slice(2), [`requester-new/0/${requester}`]);
  const sent = aRecord({ threads: [thread("a@x.org")] });
  const end = recordOf({ requester, record: sent, snapshot: aRequest({ state: "APPROVED" }) });
  assert.deepEqual(keys(end), ["resolution/0/a@x.org", `requester-resolution/0/${requester}`]);
});

Deno.test("plan() owes the requester each review, unless the confirmation is superseded", () => {
  const requester = "alice@example.com";
  const review = { author: "bob", state: "APPROVED", reason: "" } as const;
  const reviews = [review, review];
  const sent = aRecord({ threads: [thread("a@x.org")] });
  const record = recordOf({ requester, record: sent, snapshot: aRequest({ reviews }) });
  assert.deepEqual(keys(record).filter((key) => key.startsWith("requester")), [
    `requester-review/0/${requester}`,
    `requester-review/1/${requester}`,
  ]);
  const first = recordOf({ requester, snapshot: aRequest({ reviews }) });
  const decided = aRequest({ reviews, state: "APPROVED" });
  const end = recordOf({ requester, record: first, snapshot: decided });
  assert.deepEqual(keys(end).filter((key) => key.startsWith("requester")), [
    `requester-resolution/0/${requester}`,
  ]);
  const known = recordOf({ requester, record, snapshot: decided });
  assert.equal(keys(known).filter((key) => key.startsWith("requester-review")).length, 2);
});

Deno.test("plan() sends a requester who is also a recipient no mails of their own", () => {
  const next = recordOf({ requester: "A@X.org" });
  assert.deepEqual(keys(next), ["new/0/a@x.org", "new/0/b@x.org"]);
});

const states = fc.constantFrom<RequestState>("PENDING", "APPROVED", "DENIED", "PROMOTED");
const steps = fc.array(
  fc.record({
    snapshot: fc.oneof(
      fc.constant("gone" as const),
      fc.record({ state: states, reviews: fc.nat({ max: 4 }) }),
    ),
    /** How many of the owed mails are accepted before the next snapshot. */
    accepted: fc.nat({ max: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);

type Step = { readonly snapshot: "gone" | { state: RequestState; reviews: number } };

/** Plays snapshots, with some of the owed mails accepted in between; the last record, and all that left. */
function play(
  steps: readonly (Step & { readonly accepted: number })[],
  routing: Partial<PlanInput> = {},
) {
  let record: PluginRecord | undefined;
  const sent: string[] = [];
  for (const { snapshot, accepted } of steps) {
    const input = snapshot === "gone" ? snapshot : withReviews(snapshot.state, snapshot.reviews);
    const planned = run({ record, snapshot: input, ...routing });
    if (planned.record === undefined) continue;
    record = planned.record;
    const owedKeys = keys(record);
    assert.equal(new Set(owedKeys).size, owedKeys.length, "owed twice at once");
    const again = plan({ ...base, ...routing, record, snapshot: input });
    assert.deepEqual(again.record, record, "planning again changes nothing");
    const mails = record.owed.slice(0, accepted);
    sent.push(...mails.map(mailKey));
    record = settle(
      record,
      mails.map((mail) => ({ type: "accepted", mail, messageId: "m", atMs: NOW_MS })),
    );
  }
  return { record, sent };
}

/** A request that is gone stays so. */
function withoutReopening<S extends Step>(steps: readonly S[]): readonly S[] {
  const end = steps.findIndex(({ snapshot }) => snapshot === "gone");
  return end < 0 ? steps : steps.slice(0, end + 1);
}

Deno.test("plan() owes no mail twice, whatever happens to a request and whatever is sent", () => {
  fc.assert(fc.property(steps, (steps) => {
    const { sent } = play(withoutReopening(steps));
    assert.equal(new Set(sent).size, sent.length, "sent twice");
    for (const to of ["a@x.org", "b@x.org"]) assertOrder(sent.filter((key) => key.endsWith(to)));
  }));
});

const addresses = fc.subarray(["a@x.org", "b@x.org", "c@x.org", "d@x.org"]);

/** Which of four recipients get which kind of email. */
const audiences = fc.record({ new: addresses, review: addresses, resolution: addresses });

/** The routing that leads to it, by a silent route or by others. */
function routingOf(
  audience: Record<RoutedEvent, readonly string[]>,
  isSilent: boolean,
): Partial<PlanInput> {
  const followUp = (event: "review" | "resolution") => ({
    also: audience[event].filter((to) => isSilent || !audience.new.includes(to)),
    except: isSilent ? [] : audience.new.filter((to) => !audience[event].includes(to)),
    isSilent,
  });
  const followUps = {
    review: followUp("review"),
    resolution: followUp("resolution"),
    hasListOwners: false,
  };
  return { recipients: audience.new, followUps };
}

Deno.test("plan() owes each recipient the kinds of email that routes give them, once and in order", () => {
  fc.assert(fc.property(steps, audiences, fc.boolean(), (steps, audience, isSilent) => {
    const last = steps.at(-1)!;
    const all = [...withoutReopening(steps), { ...last, accepted: 1000 }];
    const { record, sent } = play(withoutReopening(all), routingOf(audience, isSilent));
    assert.equal(new Set(sent).size, sent.length, "sent twice");
    for (const key of sent) {
      const [kind = "", , to = ""] = key.split("/");
      assert.ok(audience[kind as RoutedEvent].includes(to), `${to} gets ${kind}`);
    }
    if (record === undefined || record.owed.length > 0) return;
    for (const to of audience.resolution) {
      const isTold = sent.includes(`resolution/0/${to}`);
      assert.equal(isTold, record.resolution !== "", `${to}: ${sent}`);
    }
    // Reviews of a request that is gone cannot be composed any more.
    if (steps.some(({ snapshot }) => snapshot === "gone")) return;
    for (const to of audience.review.filter((to) => !audience.new.includes(to))) {
      const reviews = sent.filter((key) => key.startsWith("review/") && key.endsWith(to)).length;
      assert.equal(reviews, record.reviewsCount);
    }
  }));
});

const silent = { also: [], except: [], isSilent: true };
const plain = { also: [], except: [], isSilent: false };

Deno.test("plan() keeps a record of a request that only later emails are about", () => {
  const resolution = { ...plain, also: ["audit@x.org"] };
  const followUps = { review: silent, resolution, hasListOwners: false };
  const routing = { recipients: [], followUps, requester: "r@x.org" };
  const record = recordOf(routing);
  assert.deepEqual([keys(record), record.followUps], [[], followUps]);
  // It was routed: nothing is asked again, and the requester gets no review, either.
  assert.equal(needsRecipients(input({ record })), false);
  const reviewed = recordOf({ ...routing, record, snapshot: withReviews("PENDING", 2) });
  assert.deepEqual([keys(reviewed), reviewed.reviewsCount], [[], 2]);
  const end = ["resolution/0/audit@x.org", "requester-resolution/0/r@x.org"];
  for (const snapshot of [withReviews("DENIED", 2), "gone"] as const) {
    assert.deepEqual(keys(recordOf({ ...routing, record: reviewed, snapshot })), end);
  }
  // A silent end has the recipients of routes before it alone.
  const silentEnd = {
    ...record,
    followUps: { ...followUps, resolution: { ...silent, also: ["audit@x.org"] } },
  };
  assert.deepEqual(
    keys(recordOf({ ...routing, record: silentEnd, snapshot: withReviews("DENIED", 2) })),
    end.slice(0, 1),
  );
  const none = { review: silent, resolution: silent, hasListOwners: false };
  assert.deepEqual(run({ recipients: [], followUps: none }), {
    record: undefined,
    ignored: "no-recipients",
  });
});

Deno.test("plan() supersedes first mails at a silent end, and owes no other", () => {
  const followUps = { review: plain, resolution: silent, hasListOwners: false };
  const record = recordOf({ followUps, requester: "r@x.org" });
  assert.equal(record.owed.length, 3);
  for (const snapshot of [aRequest({ state: "APPROVED" }), "gone"] as const) {
    const closed = recordOf({ record, snapshot, requester: "r@x.org" });
    assert.deepEqual([closed.owed, closed.resolution], [
      [],
      snapshot === "gone" ? "EXPIRED" : "APPROVED",
    ]);
  }
});

Deno.test("plan() owes the resolution to the owners of the access list, each once", () => {
  const followUps = { review: plain, resolution: plain, hasListOwners: true };
  const record = aRecord({ threads: [thread("a@x.org")], followUps });
  const promoted = aRequest({ state: "PROMOTED" });
  const listOwners = ["own@x.org", "OWN@x.org", "A@x.org"];
  const needs = (changes: Partial<PlanInput>) =>
    needsListOwners(input({ record, snapshot: promoted, ...changes }));
  assert.equal(needs({}), true);
  assert.equal(needs({ snapshot: aRequest({ state: "APPROVED" }) }), false);
  assert.equal(needs({ snapshot: "gone" }), false);
  assert.equal(needs({ record: { ...record, resolution: "PROMOTED" } }), false);
  assert.equal(needs({ record: { ...record, resolution: "EXPIRED" } }), true);
  assert.equal(needs({ record: aRecord({ threads: [thread("a@x.org")] }) }), false);
  const end = ["resolution/0/a@x.org", "resolution/0/own@x.org"];
  assert.deepEqual(keys(recordOf({ record, snapshot: promoted, listOwners })), end);
  const denied = aRequest({ state: "DENIED" });
  assert.deepEqual(keys(recordOf({ record, snapshot: denied, listOwners })), end.slice(0, 1));
});

Deno.test("plan() corrects a false end where it was sent, and nowhere else", () => {
  const resolution = { also: ["audit@x.org"], except: ["page@x.org"], isSilent: false };
  const record = aRecord({
    resolution: "EXPIRED",
    threads: [thread("a@x.org"), thread("page@x.org")],
    owed: [owed("resolution", "audit@x.org")],
    followUps: { review: plain, resolution, hasListOwners: false },
  });
  const open = recordOf({ record, recipients: ["a@x.org", "page@x.org"] });
  assert.deepEqual(keys(open), ["reopened/1/a@x.org", "reopened/1/audit@x.org"]);
  const quiet = { ...record, followUps: { ...record.followUps!, resolution: silent } };
  const { owed: none } = recordOf({
    record: { ...quiet, owed: [] },
    recipients: ["a@x.org", "page@x.org"],
    requester: "r@x.org",
  });
  assert.deepEqual(none, []);
});

Deno.test("plan() leaves no recipient with a false end, however often a request is reopened", () => {
  fc.assert(fc.property(steps, (steps) => {
    const last = steps.at(-1);
    const rest = last === undefined
      ? []
      : [{ ...last, accepted: 1000 }, { ...last, accepted: 1000 }];
    const { record, sent } = play([...steps, ...rest]);
    // A review that the false end superseded is owed again to everybody.
    const others = sent.filter((key) => !key.startsWith("review"));
    assert.equal(new Set(others).size, others.length, "sent twice");
    assert.deepEqual(record?.owed ?? [], []);
    for (const to of ["a@x.org", "b@x.org"]) {
      const [kind, index] = others.findLast((key) => key.endsWith(to))?.split("/") ?? [];
      if (kind === undefined) continue;
      if (record?.resolution === "") assert.notEqual(kind, "resolution", `${others}`);
      else assert.deepEqual([kind, index], ["resolution", String(record?.reopened)], `${others}`);
    }
  }));
});

const base = {
  recipients: ["a@x.org", "b@x.org"],
  nowMs: NOW_MS,
  catchUpMs: DAY_MS,
};

function withReviews(state: RequestState, count: number): AccessRequest {
  return aRequest({ state, reviews: Array.from({ length: count }, () => review("bob")) });
}

/** New first, and no new mail after the resolution. */
function assertOrder(sent: readonly string[]): void {
  const kinds = sent.map((key) => key.split("/")[0]);
  assert.ok(kinds.indexOf("new") <= 0, `new mail not first: ${kinds}`);
  const end = kinds.indexOf("resolution");
  if (end >= 0) assert.ok(!kinds.slice(end).includes("new"), `asked after the end: ${kinds}`);
}

Deno.test("plan() owes no more reviews than a record has room for, and the others afterwards", () => {
  const many = Array.from({ length: 300 }, (_, i) => `${i}@x.org`);
  const reviews = Array.from({ length: 50 }, () => review("bob"));
  const snapshot = aRequest({ reviews });
  let record = recordOf({ snapshot, recipients: many });
  const sent: string[] = [];
  for (let rounds = 1; record.owed.length > 0; rounds++) {
    assert.ok(record.owed.length <= 1000 && rounds <= 50, `${record.owed.length} in ${rounds}`);
    sent.push(...keys(record));
    const accepted = record.owed.map((mail) => (
      { type: "accepted", mail, messageId: "m", atMs: NOW_MS } as const
    ));
    record = recordOf({ snapshot, record: settle(record, accepted) });
  }
  const to = sent.filter((key) => key.endsWith("/7@x.org"));
  assert.deepEqual(to, ["new/0/7@x.org", ...reviews.map((_, i) => `review/${i}/7@x.org`)]);
  assert.equal(sent.length, 300 * 51);
});

Deno.test("plan() closes a request after reviews that had no room, unless first mails are owed", () => {
  const many = Array.from({ length: 600 }, (_, i) => `${i}@x.org`);
  const snapshot = aRequest({ state: "DENIED", reviews: [review("bob"), review("eve")] });
  const told = recordOf({ snapshot, record: aRecord({ threads: many.map(thread) }) });
  assert.deepEqual([told.owed.length, told.reviewsCount, told.resolution], [600, 1, ""]);
  const rest = recordOf({ snapshot, record: { ...told, owed: [] } });
  assert.deepEqual([rest.owed.length, rest.reviewsCount, rest.resolution], [1200, 2, "DENIED"]);

  const untold = aRecord({ owed: many.map((to) => owed("new", to)) });
  const closed = recordOf({ snapshot, record: untold });
  assert.deepEqual([closed.owed.length, closed.resolution], [600, "DENIED"]);
  assert.ok(closed.owed.every(({ kind }) => kind === "resolution"));
});

Deno.test("needsRecipients() holds only before the first mail of a pending request", () => {
  const needs = (changes: Partial<PlanInput>) => needsRecipients(input(changes));
  assert.equal(needs({ record: undefined }), true);
  assert.equal(needs({ record: aRecord() }), true);
  assert.equal(needs({ record: aRecord({ owed: [owed("new", "a@x.org")] }) }), false);
  assert.equal(needs({ record: undefined, snapshot: "gone" }), false);
  assert.equal(needs({ record: undefined, snapshot: aRequest({ state: "APPROVED" }) }), false);
  const old = aRequest({ createdMs: NOW_MS - 86_400_001 });
  assert.equal(needs({ record: undefined, snapshot: old }), false);
});

Deno.test("plan() records the expiry of a request along with other changes only", () => {
  const record = aRecord({ threads: [thread("a@x.org")] });
  const [expiresMs, accessExpiresMs] = [NOW_MS + 1000, NOW_MS + 2000];
  const snapshot = aRequest({ expiresMs, accessExpiresMs });
  assert.equal(recordOf({ record, snapshot }), record);
  const reviewed = aRequest({ expiresMs, accessExpiresMs, reviews: [review("bob")] });
  assert.equal(recordOf({ record, snapshot: reviewed }).expiresMs, expiresMs);
  const { expiresMs: _, ...endless } = reviewed;
  assert.equal(recordOf({ record, snapshot: endless }).expiresMs, accessExpiresMs);
});

Deno.test("plan() announces no request again whose threads it does not understand", () => {
  const record = aRecord({ foreignThreads: ["nonsense"] });
  assert.equal(recordOf({ record }), record);
});

Deno.test("plan() owes corrections of a second false end under an index of their own", () => {
  const record = aRecord({
    threads: [thread("a@x.org")],
    resolution: "EXPIRED",
    reopened: 1,
    owed: [owed("resolution", "a@x.org", 1)],
  });
  const next = recordOf({ record, recipients: ["a@x.org"] });
  assert.deepEqual([keys(next), next.reopened], [["reopened/2/a@x.org"], 2]);
});

Deno.test("plan() asks no recipient again who was refused when a request is reopened", () => {
  const failed = [{ ...owed("new", "b@x.org"), error: "no such user", atMs: NOW_MS }];
  const record = aRecord({ threads: [thread("a@x.org")], resolution: "EXPIRED", failed });
  assert.deepEqual(keys(recordOf({ record })), ["reopened/1/a@x.org"]);
});

Deno.test("plan() owes reviews again that a false end superseded", () => {
  const record = aRecord({
    threads: [thread("a@x.org")],
    reviewsCount: 2,
    owed: [owed("review", "a@x.org", 1)],
  });
  const closed = recordOf({ record, snapshot: "gone" });
  assert.equal(closed.reviewsCount, 1);
  const reopened = recordOf({
    record: { ...closed, owed: [] },
    snapshot: aRequest({ reviews: [review("bob"), review("eve")] }),
    recipients: ["a@x.org"],
  });
  assert.deepEqual(keys(reopened), ["reopened/1/a@x.org", "review/1/a@x.org"]);
});
