import assert from "node:assert/strict";
import { NOW_MS } from "../../testing/fake_clock.ts";
import type { Thread } from "../record/thread.ts";
import { aRecord, aRequest, owed } from "../testing/fixtures.ts";
import { mailData, type MailDataContext } from "./mail_data.ts";
import type { MailJob } from "./mailer.ts";

const HOUR_MS = 3_600_000;
const CONTEXT: MailDataContext = {
  clusterName: "one",
  link: (id) => `https://x.org/${id}`,
  resources: { of: () => undefined },
  nowMs: NOW_MS,
};

const THRESHOLDS = {
  thresholds: [{ name: "two", filter: "", approve: 2, deny: 1 }],
  roleThresholds: new Map([["dev", [[0]]]]),
};

function aThread(recipient: string): Thread {
  return { recipient, time: "t", messageId: "m", stored: `${recipient}/t/m` };
}

function aJob(changes: Partial<MailJob> = {}): MailJob {
  const request = aRequest();
  return {
    id: "r1",
    mail: owed("new", "a@x.org"),
    snapshot: request,
    lastKnown: request,
    record: aRecord(),
    ...changes,
  };
}

function approved(author: string, createdMs: number) {
  return { author, state: "APPROVED", reason: "ok", createdMs, thresholdIndexes: [0] } as const;
}

Deno.test("mailData() tells times, term and who else is asked", () => {
  const request = aRequest({
    expiresMs: NOW_MS + HOUR_MS,
    accessExpiresMs: NOW_MS + 8 * HOUR_MS,
    maxDurationEndMs: NOW_MS + 4 * HOUR_MS,
    sessionEndMs: NOW_MS + 2 * HOUR_MS,
    assumeStartMs: NOW_MS + 1,
    requestKind: "long-term",
    longTerm: { recommendedAccessList: "l1", validationMessage: "" },
  });
  const record = aRecord({
    threads: [aThread("b@x.org"), aThread("A@x.org")],
    owed: [owed("new", "c@x.org"), owed("requester-new", "alice@example.com")],
  });
  const data = mailData(aJob({ snapshot: request, lastKnown: request, record }), CONTEXT);
  assert.deepEqual(data?.details, {
    resources: [],
    approvals: [],
    reviewersAsked: ["b@x.org", "c@x.org"],
    requestKind: "long-term",
    requestedMs: request.createdMs,
    decideBeforeMs: NOW_MS + HOUR_MS,
    accessStartsMs: NOW_MS + 1,
    accessEndsMs: NOW_MS + 8 * HOUR_MS,
    maxDurationEndMs: NOW_MS + 4 * HOUR_MS,
    sessionEndMs: NOW_MS + 2 * HOUR_MS,
    recommendedAccessList: "l1",
    decidedBy: [],
  });
  const requester = { ...aJob({ record }), mail: owed("requester-new", "alice@example.com") };
  assert.deepEqual(mailData(requester, CONTEXT)?.details?.reviewersAsked, [
    "b@x.org",
    "A@x.org",
    "c@x.org",
  ]);
});

Deno.test("mailData() takes names of resources in this cluster alone", () => {
  const resource = { kind: "node", name: "n1", part: "", constraints: [] };
  const request = aRequest({
    resources: [{ ...resource, cluster: "one" }, { ...resource, cluster: "leaf" }],
  });
  const labels = new Map([["env", "prod"]]);
  const resources = { of: () => ({ kind: "node", name: "n1", friendlyName: "web-1", labels }) };
  const job = aJob({ lastKnown: request, record: aRecord({ isResourceRequest: true }) });
  const data = mailData(job, { ...CONTEXT, resources });
  assert.equal(data?.requestType, "resource");
  assert.deepEqual(data?.details?.resources, [
    { ...resource, cluster: "one", friendlyName: "web-1", labels },
    { ...resource, cluster: "leaf", labels: new Map() },
  ]);
});

Deno.test("mailData() has the type of a thread from the record, also when the request is gone", () => {
  const gone = aJob({
    mail: owed("resolution", "a@x.org"),
    snapshot: "gone",
    lastKnown: undefined,
    record: aRecord({ isResourceRequest: true, resolution: "EXPIRED" }),
  });
  const data = mailData(gone, CONTEXT);
  assert.equal(data?.requestType, "resource");
  assert.equal(data?.details, undefined);
  assert.deepEqual(data?.status, { state: "EXPIRED", reason: "" });
});

Deno.test("mailData() of a review counts the approvals up to it", () => {
  const reviews = [approved("bob", NOW_MS), approved("carol", NOW_MS + 1)];
  const request = aRequest({ ...THRESHOLDS, reviews });
  const approvals = (index: number) => {
    const mail = owed("review", "a@x.org", index);
    const data = mailData(aJob({ mail, snapshot: request, lastKnown: request }), CONTEXT);
    return data?.details?.approvals.map(({ roles, thresholds: [t] }) => [
      roles,
      t?.approvals,
      t?.approvalsNeeded,
    ]);
  };
  assert.deepEqual(approvals(0), [[[], 1, 2]]);
  assert.deepEqual(approvals(1), [[[], 2, 2]]);
  assert.equal(mailData(aJob({ mail: owed("review", "a@x.org", 5) }), CONTEXT), undefined);
});

Deno.test("mailData() names who decided, and when, where reviews did", () => {
  const reviews = [approved("bob", NOW_MS), approved("carol", NOW_MS + 1)];
  const request = aRequest({ ...THRESHOLDS, reviews, state: "APPROVED", roles: ["dev"] });
  const closing = (changes: Partial<typeof request>, resolution: "APPROVED" | "EXPIRED") => {
    const lastKnown = { ...request, ...changes };
    const record = aRecord({ resolution, roles: ["dev", "dba"] });
    return mailData(aJob({ mail: owed("resolution", "a@x.org"), lastKnown, record }), CONTEXT)
      ?.details;
  };
  const decided = closing({}, "APPROVED");
  assert.deepEqual(decided?.decidedBy, ["bob", "carol"]);
  assert.equal(decided?.decidedMs, NOW_MS + 1);
  assert.deepEqual(decided?.grantedRoles, ["dev"]);
  assert.equal(decided?.decideBeforeMs, undefined);
  assert.deepEqual(closing({ reviews: reviews.slice(1) }, "APPROVED")?.decidedBy, []);
  assert.deepEqual(closing({ state: "PENDING" }, "EXPIRED")?.decidedBy, []);
});

Deno.test("mailData() says when a request expired, and what it lacked, but not of a deleted one", () => {
  const expired = (expiresMs: number) => {
    const reviews = [approved("bob", NOW_MS - 2)];
    const lastKnown = aRequest({ ...THRESHOLDS, reviews, expiresMs });
    const record = aRecord({ resolution: "EXPIRED" });
    return mailData(aJob({ mail: owed("resolution", "a@x.org"), lastKnown, record }), CONTEXT)
      ?.details;
  };
  const details = expired(NOW_MS);
  assert.equal(details?.expiredMs, NOW_MS);
  assert.deepEqual(details?.approvals.map(({ thresholds }) => thresholds[0]?.approvals), [1]);
  const deleted = expired(NOW_MS + 1);
  assert.equal(deleted?.expiredMs, undefined);
  assert.deepEqual(deleted?.approvals, []);
});
