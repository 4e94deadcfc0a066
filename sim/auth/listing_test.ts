import { create } from "@bufbuild/protobuf";
import assert from "node:assert/strict";
import {
  AccessRequestSort,
  ListAccessRequestsRequestSchema,
} from "../../src/teleport/generated/auth_pb.ts";
import {
  AccessRequestFilterSchema,
  AccessRequestScope,
  RequestState,
} from "../../src/teleport/generated/types_pb.ts";
import { Cluster } from "../cluster/cluster.ts";
import { matches, page } from "./listing.ts";

function clusterOfFive(): Cluster {
  const cluster = new Cluster();
  for (const id of ["c", "a", "e", "b", "d"]) cluster.create({ id, user: `user-of-${id}` });
  return cluster;
}

Deno.test("page() walks through all requests with its own keys", () => {
  const requests = clusterOfFive().list();
  const seen: string[] = [];
  let StartKey = "";
  do {
    const query = create(ListAccessRequestsRequestSchema, { Limit: 2, StartKey });
    const { items, nextKey } = page(requests, query);
    seen.push(...items.map((request) => request.Metadata?.Name ?? ""));
    StartKey = nextKey;
  } while (StartKey !== "");
  assert.deepEqual(seen, ["a", "b", "c", "d", "e"]);
});

Deno.test("page() sorts downwards too", () => {
  const query = create(ListAccessRequestsRequestSchema, {
    Limit: 2,
    Sort: AccessRequestSort.USER,
    Descending: true,
  });
  const { items, nextKey } = page(clusterOfFive().list(), query);
  assert.deepEqual(items.map((request) => request.Metadata?.Name), ["e", "d"]);
  assert.equal(nextKey, "user-of-c/c");
});

Deno.test("page() refuses more than 16000 requests at once", () => {
  const query = create(ListAccessRequestsRequestSchema, { Limit: 16_001 });
  assert.throws(() => page([], query), {
    code: "INVALID_ARGUMENT",
    message: "page size of 16001 is too large",
  });
});

Deno.test("matches() goes by state, user and scope", () => {
  const cluster = clusterOfFive();
  cluster.review("a", { author: "bob", state: RequestState.APPROVED });
  cluster.setState("b", RequestState.DENIED);
  const ids = (filter: Parameters<typeof create<typeof AccessRequestFilterSchema>>[1]) =>
    cluster.list()
      .filter((request) => matches(create(AccessRequestFilterSchema, filter), request, "bob"))
      .map((request) => request.Metadata?.Name);
  assert.deepEqual(ids({ State: RequestState.DENIED }), ["b"]);
  assert.deepEqual(ids({ User: "user-of-c" }), ["c"]);
  assert.deepEqual(ids({ Scope: AccessRequestScope.REVIEWED }), ["a"]);
  assert.deepEqual(ids({ Scope: AccessRequestScope.NEEDS_REVIEW }), ["c", "d", "e"]);
  assert.deepEqual(ids({ SearchKeywords: ["USER-of-D"] }), ["d"]);
});
