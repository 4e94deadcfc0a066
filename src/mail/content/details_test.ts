import assert from "node:assert/strict";
import { DETAIL_LIMITS, detailsScope } from "./details.ts";
import type { RequestDetails, ResourceDetail } from "./request_details.ts";

const NOW_MS = Date.UTC(2026, 2, 4, 13, 5);
const HOUR_MS = 3_600_000;
const CONTEXT = { nowMs: NOW_MS, timeZone: "Europe/Berlin" };

function scopeOf(details: Partial<RequestDetails>) {
  const none = { resources: [], approvals: [], reviewersAsked: [], decidedBy: [] };
  return detailsScope({ ...none, ...details }, CONTEXT);
}

function resource(changes: Partial<ResourceDetail> = {}): ResourceDetail {
  return {
    kind: "node",
    name: "0b7e0a6e",
    cluster: "one",
    part: "",
    constraints: [],
    labels: new Map(),
    ...changes,
  };
}

Deno.test("detailsScope() has every name, and null for what is not known", () => {
  const empty = detailsScope(undefined, CONTEXT);
  const { is_long_term: isLongTerm, is_missing_approvals: isMissing, ...others } = empty;
  assert.deepEqual([isLongTerm, isMissing], [false, false]);
  assert.ok(Object.values(others).every((value) => value === null));
});

Deno.test("detailsScope() names resources as people do, with path, labels and constraints", () => {
  const labels = new Map([["env", "prod"], ["teleport.internal/id", "7"], ["team", ""]]);
  const constraints = [
    { what: "logins", values: ["root", "web"] },
    { what: "unknown", values: [] },
  ];
  assert.deepEqual(
    scopeOf({ resources: [resource({ friendlyName: "web-1", labels, constraints })] }).resources,
    [{
      kind: "Server",
      name: "web-1",
      cluster: "one",
      path: "/one/node/0b7e0a6e",
      labels: "env=prod, team",
      limited_to: "logins: root, web; constraints that this program does not know",
    }],
  );
  const others = [
    resource({ kind: "kube_cluster", name: "prod", part: "ns/pod" }),
    resource({ kind: "aws_thing", name: "x", constraints: [{ what: "odd", values: ["1"] }] }),
    resource({ kind: "" }),
  ];
  assert.deepEqual(
    scopeOf({ resources: others }).resources?.map(({ kind, path, limited_to }) => [
      kind,
      path,
      limited_to,
    ]),
    [
      ["Kubernetes cluster", "/one/kube_cluster/prod/ns/pod", null],
      ["aws thing", "/one/aws_thing/x", "odd: 1"],
      ["Resource", "/one//0b7e0a6e", null],
    ],
  );
});

Deno.test("detailsScope() shows 25 resources and the number of the others", () => {
  const resources = Array.from({ length: 37 }, (_, n) => resource({ name: `n${n}` }));
  const scope = scopeOf({ resources });
  assert.equal(scope.resources?.length, 25);
  assert.equal(scope.more_resources, 12);
  assert.equal(scopeOf({ resources: resources.slice(12) }).more_resources, null);
  const labels = new Map(Array.from({ length: 9 }, (_, n) => [`l${n}`, "x"]));
  const [labelled] = scopeOf({ resources: [resource({ labels })] }).resources ?? [];
  assert.match(labelled?.labels ?? "", /l5=x, … \(3 more\)$/);
});

Deno.test("detailsScope() writes times with zone and distance, and lengths from the request on", () => {
  const scope = scopeOf({
    requestedMs: NOW_MS - 5 * 60_000,
    decideBeforeMs: NOW_MS + HOUR_MS,
    accessEndsMs: NOW_MS + 30 * HOUR_MS,
    maxDurationEndMs: NOW_MS - 5 * 60_000 + 4 * HOUR_MS,
    sessionEndMs: Infinity,
  });
  assert.equal(scope.requested, "Wed, 4 Mar 2026, 14:00 UTC+1 (5 minutes ago)");
  assert.equal(scope.decide_before, "Wed, 4 Mar 2026, 15:05 UTC+1 (in 1 hour)");
  assert.equal(scope.access_ends, "Thu, 5 Mar 2026, 20:05 UTC+1 (in 1 day 6 hours)");
  assert.equal(scope.max_duration, "4 hours, until Wed, 4 Mar 2026, 18:00 UTC+1");
  assert.equal(scope.session_length, null);
  const { max_duration: unknownStart } = scopeOf({ maxDurationEndMs: NOW_MS });
  assert.equal(unknownStart, "until Wed, 4 Mar 2026, 14:05 UTC+1");
});

Deno.test("detailsScope() says how many approvals there are and are missing", () => {
  const one = { name: "a", approvals: 1, approvalsNeeded: 2 };
  const enough = { name: "b", approvals: 3, approvalsNeeded: 1 };
  const { approvals } = scopeOf({
    approvals: [
      { roles: [], thresholds: [one] },
      { roles: ["dev", "dba"], thresholds: [one, { ...one, name: "c", approvals: 0 }] },
      { roles: ["ops"], thresholds: [enough] },
    ],
  });
  assert.deepEqual(approvals, [
    { roles: null, progress: "1 of 2 approvals", missing: "1 more approval" },
    {
      roles: "dev, dba",
      progress: "1 of 2 approvals (a) and 0 of 2 approvals (c)",
      missing: "1 more approval (a) and 2 more approvals (c)",
    },
    { roles: "ops", progress: "3 of 1 approval", missing: null },
  ]);
});

Deno.test("detailsScope() makes hostile values fit to be shown, within the limits", () => {
  const evil = "x\r\nLink: https://evil\u202e";
  const scope = scopeOf({
    resources: [resource({ friendlyName: evil, cluster: evil, labels: new Map([[evil, evil]]) })],
    reviewersAsked: Array.from({ length: 50 }, () => evil),
    accessList: { name: "l1", title: evil },
    groupingProblem: evil,
  });
  assert.doesNotMatch(JSON.stringify(scope), /\\r|\\n|\u202e/);
  assert.equal(scope.reviewers?.length, DETAIL_LIMITS.reviewers + 1);
  assert.equal(scope.reviewers?.at(-1), "… (30 more)");
  const tight = detailsScope(
    { resources: [], approvals: [], reviewersAsked: [], decidedBy: [], loginHint: "x".repeat(99) },
    CONTEXT,
    { ...DETAIL_LIMITS, name: 10 },
  );
  assert.equal(tight.login_hint, `${"x".repeat(10)}… (89 more characters)`);
});
