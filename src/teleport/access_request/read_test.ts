import assert from "node:assert/strict";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AccessRequestKind,
  type AccessRequestSpecV3Schema,
  AccessRequestV3Schema,
  RequestState,
  ResourceConstraintsSchema,
} from "../generated/types_pb.ts";
import { readAccessRequest } from "./read.ts";
import { type ResourceConstraint, resourcePath } from "./resources.ts";

const AT_MS = Date.parse("2026-03-04T05:06:07Z");

function after(hours: number): Timestamp {
  return timestampFromMs(AT_MS + hours * 3_600_000);
}

function read(spec: MessageInitShape<typeof AccessRequestSpecV3Schema>, expires?: Timestamp) {
  const message = create(AccessRequestV3Schema, {
    Metadata: { Name: "r1", ...expires && { Expires: expires } },
    Spec: spec,
  });
  return readAccessRequest(message) ?? assert.fail("not read");
}

Deno.test("readAccessRequest() reads what came with Teleport 14 to 19", () => {
  const request = read({
    Expires: after(8),
    MaxDuration: after(4),
    SessionTTL: after(2),
    AssumeStartTime: after(1),
    RequestKind: AccessRequestKind.SHORT_TERM,
    accessList: { Name: "l1", Title: "Owners" },
    LoginHint: "root",
    DryRun: true,
    LongTermGrouping: { RecommendedAccessList: "l1", ValidationMessage: "no", CanProceed: false },
    Reviews: [{
      Author: "bob",
      ProposedState: RequestState.PROMOTED,
      ThresholdIndexes: [1],
      AssumeStartTime: after(3),
      accessList: { Name: "l1" },
      SubmittedBy: "chat-plugin",
    }],
  }, after(1.5));
  const hours = (ms: number | undefined) => ms && (ms - AT_MS) / 3_600_000;
  assert.deepEqual(
    [request.accessExpiresMs, request.maxDurationEndMs, request.sessionEndMs, request.assumeStartMs]
      .map(hours),
    [8, 4, 2, 1],
  );
  assert.equal(hours(request.expiresMs), 1.5);
  assert.equal(request.requestKind, "short-term");
  assert.deepEqual(request.accessList, { name: "l1", title: "Owners" });
  assert.deepEqual(request.longTerm, { recommendedAccessList: "l1", validationMessage: "no" });
  assert.equal(request.loginHint, "root");
  assert.equal(request.isDryRun, true);
  assert.deepEqual(request.reviews, [{
    author: "bob",
    state: "PROMOTED",
    reason: "",
    thresholdIndexes: [1],
    assumeStartMs: AT_MS + 3 * 3_600_000,
    accessList: { name: "l1", title: "" },
    submittedBy: "chat-plugin",
  }]);
});

Deno.test("readAccessRequest() uses ResourceExpiry as the request's expiry where present", () => {
  assert.equal(read({ ResourceExpiry: after(2) }, after(1)).expiresMs, AT_MS + 7_200_000);
  assert.equal(read({}, after(1)).expiresMs, AT_MS + 3_600_000);
  assert.equal(read({}).expiresMs, undefined);
});

Deno.test("readAccessRequest() reads field 26 where it is set, and else field 14", () => {
  const old = { ClusterName: "one", Kind: "node", Name: "old" };
  const id = { ClusterName: "one", Kind: "app", Name: "aws", SubResourceName: "" };
  const paths = (...spec: Parameters<typeof read>) => read(...spec).resources.map(resourcePath);
  assert.deepEqual(paths({ RequestedResourceIDs: [old] }), ["/one/node/old"]);
  const both = { RequestedResourceIDs: [old], RequestedResourceAccessIDs: [{ id }] };
  assert.deepEqual(paths(both), ["/one/app/aws"]);
  assert.deepEqual(paths({ RequestedResourceAccessIDs: [{}] }), []);
  const pod = { ClusterName: "one", Kind: "pod", Name: "prod", SubResourceName: "ns/web" };
  assert.deepEqual(paths({ RequestedResourceIDs: [pod] }), ["/one/pod/prod/ns/web"]);
});

Deno.test("readAccessRequest() reads each kind of constraint", () => {
  const constraints = (
    details: MessageInitShape<typeof ResourceConstraintsSchema>["details"],
  ): readonly ResourceConstraint[] | undefined =>
    read({
      RequestedResourceAccessIDs: [{
        id: { Kind: "x" },
        constraints: { version: "v1", ...details && { details } },
      }],
    }).resources[0]?.constraints;
  assert.deepEqual(constraints({ case: "awsConsole", value: { roleArns: ["arn:aws:iam::1"] } }), [
    { what: "role_arns", values: ["arn:aws:iam::1"] },
  ]);
  const logins = [{ what: "logins", values: ["root", "web"] }];
  assert.deepEqual(constraints({ case: "ssh", value: { logins: ["root", "web"] } }), logins);
  assert.deepEqual(
    constraints({ case: "windowsDesktop", value: { logins: ["root", "web"] } }),
    logins,
  );
  assert.deepEqual(constraints({ case: "database", value: { users: ["u"], roles: ["r"] } }), [
    { what: "database_users", values: ["u"] },
    { what: "database_roles", values: ["r"] },
  ]);
  assert.deepEqual(constraints(undefined), []);
});

Deno.test("readAccessRequest() reports a constraint of an unknown kind", () => {
  const constraints = create(ResourceConstraintsSchema, { version: "v2" });
  constraints.$unknown = [{
    no: 77,
    wireType: WireType.LengthDelimited,
    data: new Uint8Array([0]),
  }];
  const message = create(AccessRequestV3Schema, {
    Metadata: { Name: "r1" },
    Spec: { RequestedResourceAccessIDs: [{ id: { Kind: "x" }, constraints }] },
  });
  const received = fromBinary(AccessRequestV3Schema, toBinary(AccessRequestV3Schema, message));
  assert.deepEqual(readAccessRequest(received)?.resources[0]?.constraints, [
    { what: "unknown", values: [] },
  ]);
});

Deno.test("readAccessRequest() reads the thresholds of each role", () => {
  const request = read({
    Thresholds: [{ Name: "two", Approve: 2, Deny: 1 }, { Filter: "contains(x)", Approve: 1 }],
    RoleThresholdMapping: { dev: { Sets: [{ Indexes: [0, 1] }, { Indexes: [1] }] }, dba: {} },
  });
  assert.deepEqual(request.thresholds, [
    { name: "two", filter: "", approve: 2, deny: 1 },
    { name: "", filter: "contains(x)", approve: 1, deny: 0 },
  ]);
  assert.deepEqual(request.roleThresholds, new Map([["dev", [[0, 1], [1]]], ["dba", []]]));
});
