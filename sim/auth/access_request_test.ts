import assert from "node:assert/strict";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AccessRequestKind, RequestState } from "../../src/teleport/generated/types_pb.ts";
import { Cluster } from "../cluster/cluster.ts";
import type { NewRequest } from "./access_request.ts";

const NOW = new Date("2026-03-04T05:06:07Z");

function specOf(request: NewRequest) {
  return new Cluster("one", () => NOW).create(request).Spec ?? assert.fail();
}

Deno.test("buildRequest() puts resources into field 14, and into 26 with constraints", () => {
  const plain = specOf({ resources: [{ kind: "node", name: "n1" }] });
  assert.deepEqual(plain.RequestedResourceIDs.map(({ ClusterName }) => ClusterName), ["one"]);
  assert.equal(plain.RequestedResourceAccessIDs.length, 0);
  const constrained = specOf({ resources: [{ kind: "app", name: "aws", roleArns: ["arn"] }] });
  assert.equal(constrained.RequestedResourceIDs.length, 0);
  assert.deepEqual(
    constrained.RequestedResourceAccessIDs.map(({ constraints }) => constraints?.details.case),
    ["awsConsole"],
  );
  const resources = [{ kind: "db", name: "x", database: { users: ["u"] } }];
  const both = specOf({ resources, resourcesIn: "both" });
  const lengths = [both.RequestedResourceIDs.length, both.RequestedResourceAccessIDs.length];
  assert.deepEqual(lengths, [1, 1]);
});

Deno.test("buildRequest() sets the grouping of a long-term request", () => {
  const resources = [{ kind: "node", name: "n1" }];
  const spec = specOf({ kind: "long", recommendedAccessList: "l1", resources });
  assert.equal(spec.RequestKind, AccessRequestKind.LONG_TERM);
  assert.deepEqual(
    spec.LongTermGrouping?.AccessListToResources["l1"]?.ResourceIds.map(({ Name }) => Name),
    ["n1"],
  );
  assert.equal(spec.LongTermGrouping?.CanProceed, true);
  assert.equal(specOf({ kind: "long", validation: "no" }).LongTermGrouping?.CanProceed, false);
  assert.equal(specOf({ kind: "short" }).RequestKind, AccessRequestKind.SHORT_TERM);
});

Deno.test("Cluster.review() decides by every set of every role, and denies by any", () => {
  const request: NewRequest = {
    roles: ["dev", "dba"],
    thresholds: [{ approve: 1, deny: 2 }, { approve: 2, deny: 1 }],
    roleThresholds: { dev: [[0]], dba: [[0, 1], [1]] },
  };
  const review = (states: readonly RequestState[]) => {
    const cluster = new Cluster("one", () => NOW);
    const id = cluster.create(request).Metadata?.Name ?? "";
    const assumeStart = new Date("2026-03-05T00:00:00Z");
    for (const state of states) cluster.review(id, { author: "bob", state, assumeStart });
    return cluster.get(id)?.Spec ?? assert.fail();
  };
  const { APPROVED, DENIED, PENDING } = RequestState;
  assert.equal(review([APPROVED]).State, PENDING);
  const approved = review([APPROVED, APPROVED]);
  assert.equal(approved.State, APPROVED);
  assert.equal(
    approved.AssumeStartTime && timestampDate(approved.AssumeStartTime).getUTCDate(),
    5,
  );
  assert.equal(review([DENIED]).State, DENIED);
});
