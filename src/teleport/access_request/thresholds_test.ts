import assert from "node:assert/strict";
import { approvalProgress, decidingReviews, type Reviewed, type Threshold } from "./thresholds.ts";

function threshold(approve: number, name = ""): Threshold {
  return { name, filter: "", approve, deny: 1 };
}

function progress(request: Partial<Reviewed>): unknown {
  const full = { roles: [], thresholds: [], roleThresholds: new Map(), reviews: [], ...request };
  return approvalProgress(full).map(({ roles, thresholds }) => [
    roles.join(),
    thresholds.map(({ name, approvals, approvalsNeeded }) =>
      `${approvals}/${approvalsNeeded}${name}`
    )
      .join(),
  ]);
}

const approved = (...thresholdIndexes: number[]) => ({ state: "APPROVED", thresholdIndexes });

Deno.test("approvalProgress() joins roles that need the same", () => {
  const thresholds = [threshold(2, "two"), threshold(1)];
  const roleThresholds = new Map([["dev", [[0]]], ["dba", [[0]]], ["ops", [[1]]], ["none", []]]);
  const roles = ["dev", "ops", "dba", "none"];
  const request = { roles, thresholds, roleThresholds };
  assert.deepEqual(progress(request), [["dev,dba", "0/2two"], ["ops", "0/1"]]);
  assert.deepEqual(progress({ ...request, reviews: [approved(0)] }), [
    ["dev,dba", "1/2two"],
    ["ops", "0/1"],
  ]);
});

Deno.test("approvalProgress() counts approvals and promotions, for the thresholds of each review", () => {
  const request = {
    roles: ["dev"],
    thresholds: [threshold(3)],
    roleThresholds: new Map([["dev", [[0]]]]),
  };
  const reviews = [
    approved(0),
    { state: "PROMOTED", thresholdIndexes: [0] },
    { state: "DENIED", thresholdIndexes: [0] },
    { state: "APPROVED" },
    approved(7),
  ];
  assert.deepEqual(progress({ ...request, reviews }), [["dev", "2/3"]]);
});

Deno.test("approvalProgress() takes the nearest threshold of each set, and each threshold once", () => {
  const thresholds = [threshold(3, "a"), threshold(2, "b"), threshold(1, "c"), threshold(0, "d")];
  const roleThresholds = new Map([["dev", [[0, 1], [3, 2], [2], [9]]]]);
  const request = { roles: ["dev"], thresholds, roleThresholds };
  assert.deepEqual(progress(request), [["dev", "0/2b,0/1c"]]);
  const reviews = [approved(0), approved(0)];
  assert.deepEqual(progress({ ...request, reviews }), [["dev", "2/3a,0/1c"]]);
});

Deno.test("approvalProgress() says nothing where no review can decide", () => {
  assert.deepEqual(progress({ roles: ["dev"] }), []);
  const roleThresholds = new Map([["dev", [[0]]]]);
  assert.deepEqual(progress({ roles: ["dev"], thresholds: [threshold(0)], roleThresholds }), []);
});

Deno.test("decidingReviews() are those that agree with a decision that reviews have reached", () => {
  const request = {
    roles: ["dev"],
    thresholds: [{ ...threshold(2), deny: 2 }],
    roleThresholds: new Map([["dev", [[0]]]]),
  };
  const denied = { state: "DENIED", thresholdIndexes: [0] };
  const promoted = { state: "PROMOTED", thresholdIndexes: [0] };
  const count = (state: string, ...reviews: Reviewed["reviews"]) =>
    decidingReviews({ ...request, state, reviews }).length;
  assert.equal(count("APPROVED", approved(0), denied, approved(0)), 2);
  assert.equal(count("APPROVED", approved(0)), 0);
  assert.equal(count("DENIED", approved(0), denied, denied), 2);
  assert.equal(count("DENIED", denied), 0);
  assert.equal(count("PROMOTED", approved(0), promoted), 1);
  assert.equal(count("PENDING", approved(0), approved(0)), 0);
  assert.equal(
    decidingReviews({ ...request, thresholds: [], state: "APPROVED", reviews: [] }).length,
    0,
  );
});
