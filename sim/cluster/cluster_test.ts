import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import assert from "node:assert/strict";
import { type Event, Operation, WatchSchema } from "../../src/teleport/generated/auth_pb.ts";
import { RequestState, WatchKindSchema } from "../../src/teleport/generated/types_pb.ts";
import { ZERO_TIME } from "../auth/access_request.ts";
import { Cluster } from "./cluster.ts";
import { confirmKinds, initEvent } from "../auth/watchers.ts";

function clusterAt(start: string) {
  const clock = { now: new Date(start) };
  const cluster = new Cluster("sim.example.com", () => clock.now);
  const events: Event[] = [];
  cluster.watchers.subscribe([create(WatchKindSchema, { Kind: "access_request" })], (event) => {
    events.push(event);
  });
  return { cluster, clock, events };
}

const START = "2026-01-02T03:04:05Z";

Deno.test("Cluster.create() makes a pending request with year-1 times for what is not set", () => {
  const { cluster, events } = clusterAt(START);
  const request = cluster.create({ user: "bob", roles: ["dev", "dba"], reviewers: ["carol"] });
  assert.equal(request.Spec?.State, RequestState.PENDING);
  assert.equal(request.Spec.MaxDuration?.seconds, ZERO_TIME.seconds);
  assert.equal(timestampDate(ZERO_TIME).toISOString(), "0001-01-01T00:00:00.000Z");
  assert.equal(request.Spec.AssumeStartTime, undefined);
  assert.equal(events.length, 1);
  assert.deepEqual(events[0]?.Resource, { case: "AccessRequest", value: request });
});

Deno.test("Cluster.setState() to APPROVED keeps the request until the access ends", () => {
  const { cluster } = clusterAt(START);
  const id = cluster.create().Metadata?.Name ?? "";
  const approved = cluster.setState(id, RequestState.APPROVED, { reason: "fine" });
  assert.equal(approved.Spec?.ResolveReason, "fine");
  assert.deepEqual(approved.Metadata?.Expires, approved.Spec.Expires);
});

Deno.test("Cluster.setState() lets a denial overwrite an approval but never the reverse", () => {
  const { cluster } = clusterAt(START);
  const id = cluster.create().Metadata?.Name ?? "";
  cluster.setState(id, RequestState.APPROVED);
  cluster.setState(id, RequestState.DENIED);
  assert.throws(() => cluster.setState(id, RequestState.APPROVED), { code: "INVALID_ARGUMENT" });
});

Deno.test("Cluster.setState() grants a part of the roles but no others", () => {
  const { cluster } = clusterAt(START);
  const id = cluster.create({ roles: ["dev", "dba"] }).Metadata?.Name ?? "";
  assert.throws(() => cluster.setState(id, RequestState.APPROVED, { roles: ["root"] }));
  const approved = cluster.setState(id, RequestState.APPROVED, { roles: ["dba"] });
  assert.deepEqual(approved.Spec?.Roles, ["dba"]);
});

Deno.test("Cluster names the request that it cannot find with Teleport's text", () => {
  const { cluster } = clusterAt(START);
  assert.throws(() => cluster.setState("x", RequestState.DENIED), {
    code: "NOT_FOUND",
    message: 'cannot set state of access request "x" (not found)',
  });
  assert.throws(() => cluster.delete("x"), {
    code: "NOT_FOUND",
    message: 'cannot delete access request "x" (not found)',
  });
});

Deno.test("Cluster.review() only records reviews of a request without thresholds", () => {
  const { cluster, events } = clusterAt(START);
  const id = cluster.create().Metadata?.Name ?? "";
  cluster.review(id, { author: "bob", state: RequestState.DENIED });
  const request = cluster.review(id, { author: "carol", state: RequestState.APPROVED });
  assert.equal(request.Spec?.State, RequestState.PENDING);
  assert.equal(request.Spec.Reviews.length, 2);
  assert.equal(events.length, 3);
});

Deno.test("Cluster.review() decides a request when its threshold is reached", () => {
  const { cluster, events } = clusterAt(START);
  const id = cluster.create({ thresholds: { approve: 2, deny: 1 } }).Metadata?.Name ?? "";
  const first = cluster.review(id, { author: "bob", state: RequestState.APPROVED });
  assert.equal(first.Spec?.State, RequestState.PENDING);
  const second = cluster.review(id, {
    author: "carol",
    state: RequestState.APPROVED,
    reason: "go",
  });
  assert.equal(second.Spec?.State, RequestState.APPROVED);
  assert.equal(second.Spec.ResolveReason, "go");
  assert.equal(events.length, 3);
});

Deno.test("Cluster.review() denies with the first denial when one is enough", () => {
  const { cluster } = clusterAt(START);
  const id = cluster.create({ thresholds: { approve: 2, deny: 1 } }).Metadata?.Name ?? "";
  const request = cluster.review(id, { author: "bob", state: RequestState.DENIED });
  assert.equal(request.Spec?.State, RequestState.DENIED);
});

Deno.test("Cluster.promote() names the access list", () => {
  const { cluster } = clusterAt(START);
  const id = cluster.create().Metadata?.Name ?? "";
  const request = cluster.promote(id, { name: "ops", title: "Operations" });
  assert.equal(request.Spec?.State, RequestState.PROMOTED);
  assert.equal(request.Spec.accessList?.Title, "Operations");
});

Deno.test("Cluster.sweep() deletes expired requests, each with a header for the watchers", () => {
  const { cluster, clock, events } = clusterAt(START);
  const id = cluster.create().Metadata?.Name ?? "";
  clock.now = new Date("2026-01-02T04:04:05Z");
  assert.deepEqual(cluster.list(), []);
  assert.equal(cluster.sweep(), 1);
  const last = events.at(-1);
  assert.equal(last?.Type, Operation.DELETE);
  assert.equal(last.Resource.case, "ResourceHeader");
  assert.equal(last.Resource.value.Metadata?.Name, id);
  assert.equal(last.Resource.value.Version, "v3");
});

Deno.test("Watchers hold back a PUT by filter and name, but no DELETE by filter", () => {
  const { cluster } = clusterAt(START);
  const events: Event[] = [];
  const kind = create(WatchKindSchema, { Kind: "access_request", Filter: { state: "DENIED" } });
  cluster.watchers.subscribe([kind], (event) => void events.push(event));
  const id = cluster.create().Metadata?.Name ?? "";
  assert.equal(events.length, 0);
  cluster.setState(id, RequestState.DENIED);
  cluster.delete(id);
  assert.deepEqual(events.map((event) => event.Type), [Operation.PUT, Operation.DELETE]);
});

Deno.test("confirmKinds() refuses a strict watch and narrows a partial one", () => {
  const Kinds = [{ Kind: "access_request" }, { Kind: "user" }];
  assert.throws(() => confirmKinds(create(WatchSchema, { Kinds }), () => {}), {
    code: "INVALID_ARGUMENT",
    message: 'resource type "user" is not supported by this event stream',
  });
  const partial = confirmKinds(create(WatchSchema, { Kinds, AllowPartialSuccess: true }), () => {});
  assert.deepEqual(partial.map((kind) => kind.Kind), ["access_request"]);
  const status = initEvent(partial, true);
  assert.equal(status.Resource.case, "WatchStatus");
  assert.equal(initEvent(partial, false).Resource.case, undefined);
});

Deno.test("confirmKinds() of an old server confirms access requests only, without partial success", () => {
  const Kinds = [{ Kind: "access_request" }, { Kind: "access_monitoring_rule" }];
  const watch = create(WatchSchema, { Kinds, AllowPartialSuccess: true });
  assert.equal(confirmKinds(watch, () => {}).length, 2);
  assert.throws(() => confirmKinds(watch, () => {}, true), {
    message: 'resource type "access_monitoring_rule" is not supported by this event stream',
  });
});

Deno.test("confirmKinds() refuses an empty watch and one of which nothing remains", () => {
  assert.throws(() => confirmKinds(create(WatchSchema), () => {}), {
    code: "PERMISSION_DENIED",
    message: "can't setup global watch",
  });
  const watch = create(WatchSchema, { Kinds: [{ Kind: "user" }], AllowPartialSuccess: true });
  assert.throws(() => confirmKinds(watch, () => {}), {
    message: "none of the requested kinds can be watched",
  });
});
