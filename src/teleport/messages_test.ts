/**
 * Messages as Teleport's own generated Go code encodes them (fields 14 and up added by hand), from
 * `tests/testdata/messages.json`: hex beside what it says.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { readAccessRequest } from "./access_request/read.ts";
import {
  EventSchema,
  PingResponseSchema,
  PluginDataSeqSchema,
  WatchSchema,
} from "./generated/auth_pb.ts";
import { Operation } from "./generated/auth_pb.ts";
import {
  AccessRequestFilterSchema,
  AccessRequestV3Schema,
  PluginDataUpdateParamsSchema,
  RequestState,
} from "./generated/types_pb.ts";

interface Vector {
  readonly name: string;
  readonly hex: string;
}

const vectors = JSON.parse(
  await Deno.readTextFile(new URL("../../tests/testdata/messages.json", import.meta.url)),
) as readonly Vector[];

function bytes(name: string): Uint8Array {
  const vector = vectors.find((vector) => vector.name === name);
  assert.ok(vector, `no vector '${name}'`);
  return Buffer.from(vector.hex, "hex");
}

function decode<S extends DescMessage>(schema: S, name: string) {
  return fromBinary(schema, bytes(name));
}

/** What the whole pending request of the vectors says to this program. */
const FULL = {
  id: "8a1f7c2e-7d0b-4a54-9d4e-1f2e3d4c5b6a",
  user: "alice@example.com",
  roles: ["dev", "dba"],
  state: "PENDING",
  createdMs: Date.parse("2024-05-06T07:08:09.123Z"),
  reason: "Rollout of release 7 – Größe äöü ✅\nsecond line",
  resolveReason: "",
  reviews: [{
    author: "bob@example.com",
    state: "APPROVED",
    reason: "okay",
    createdMs: Date.parse("2024-05-06T07:09:09.123Z"),
    thresholdIndexes: [0],
  }],
  suggestedReviewers: ["bob@example.com", "carol"],
  resources: [
    {
      cluster: "one",
      kind: "node",
      name: "0b7e0a6e-6f7c-4d3e-8b1b-0d6c9d8f7a11",
      part: "",
      constraints: [],
    },
    { cluster: "one", kind: "kube_cluster", name: "prod", part: "ns/pod", constraints: [] },
  ],
  systemAnnotations: new Map([["pagerduty_services", ["a", "b"]]]),
  thresholds: [{ name: "two", filter: "", approve: 2, deny: 1 }],
  roleThresholds: new Map([["dev", [[0, 300]]]]),
  createdNs: 1_714_979_289_123_456_789n,
  expiresNs: 1_714_982_889_123_456_789n,
  expiresMs: Date.parse("2024-05-06T08:08:09.123Z"),
  accessExpiresMs: Date.parse("2024-05-06T15:08:09.123Z"),
  maxDurationEndMs: Date.parse("2024-05-06T11:08:09Z"),
  sessionEndMs: Date.parse("2024-05-06T19:08:09Z"),
  requestKind: "long-term",
};

Deno.test("PingResponse decodes as Teleport encodes it", () => {
  const ping = decode(PingResponseSchema, "ping response");
  assert.deepEqual(
    [ping.ClusterName, ping.ServerVersion, ping.ProxyPublicAddr, ping.IsBoring],
    ["gocluster.example.com", "9.3.7", "proxy.example.com:3080", false],
  );
  assert.equal(ping.ServerFeatures?.AdvancedAccessWorkflows, true);
});

Deno.test("Event decodes an INIT of an old server, which has no bytes at all", () => {
  const event = decode(EventSchema, "init event");
  assert.deepEqual([event.Type, event.Resource.case], [Operation.INIT, undefined]);
});

Deno.test("Event decodes a request with every field, and fields of the future are ignored", () => {
  const event = decode(EventSchema, "put of a full pending request");
  assert.equal(event.Type, Operation.PUT);
  assert.ok(event.Resource.case === "AccessRequest");
  assert.deepEqual(readAccessRequest(event.Resource.value), FULL);
  const metadata = event.Resource.value.Metadata;
  assert.deepEqual(metadata?.Labels, { team: "blue" });
  assert.equal(metadata?.Expires?.seconds, 1714982889n);
});

Deno.test("AccessRequestV3 decodes the fields that came after version 13", () => {
  assert.deepEqual(readAccessRequest(decode(AccessRequestV3Schema, "request")), FULL);
});

Deno.test("readAccessRequest() treats Go's year 1 as no time", () => {
  const event = decode(EventSchema, "put of an approved request with unset times");
  assert.ok(event.Resource.case === "AccessRequest");
  assert.deepEqual(readAccessRequest(event.Resource.value), {
    id: "bare",
    user: "bob",
    roles: ["dev"],
    state: "APPROVED",
    reason: "",
    resolveReason: "ok",
    reviews: [],
    suggestedReviewers: [],
    resources: [],
    systemAnnotations: new Map(),
    thresholds: [],
    roleThresholds: new Map(),
  });
});

Deno.test("readAccessRequest() treats a future state as unknown, and needs an id", () => {
  const future = create(AccessRequestV3Schema, {
    Metadata: { Name: "x" },
    Spec: { State: 42 as RequestState },
  });
  assert.equal(readAccessRequest(future)?.state, "UNKNOWN");
  assert.equal(readAccessRequest(create(AccessRequestV3Schema)), undefined);
});

Deno.test("Event ignores resources of kinds that this program does not know", () => {
  const event = decode(EventSchema, "put of an unrelated kind");
  assert.deepEqual([event.Type, event.Resource.case], [Operation.PUT, undefined]);
});

Deno.test("Event decodes a deletion", () => {
  const event = decode(EventSchema, "delete event");
  assert.equal(event.Type, Operation.DELETE);
  assert.ok(event.Resource.case === "ResourceHeader");
  const { Kind: kind, Metadata: metadata } = event.Resource.value;
  assert.deepEqual([kind, metadata?.Name], ["access_request", "bare"]);
});

Deno.test("PluginDataSeq decodes the entries of all plugins", () => {
  const [data] = decode(PluginDataSeqSchema, "plugin data").PluginData;
  assert.equal(data?.Metadata?.Name, "bare");
  assert.deepEqual(data?.Spec?.Entries["email"]?.Data, { roles: "dev", user: "bob" });
  assert.deepEqual(data?.Spec?.Entries["slack"]?.Data, { messages: "1" });
});

Deno.test("Requests encode to the bytes that Teleport's own code writes", () => {
  const watch = create(WatchSchema, { Kinds: [{ Kind: "access_request" }] });
  assert.deepEqual(
    Buffer.from(toBinary(WatchSchema, watch)),
    bytes("watch of access requests"),
  );
  const update = create(PluginDataUpdateParamsSchema, {
    Kind: "access_request",
    Resource: "bare",
    Plugin: "email",
    Set: { user: "bob" },
    Expect: { user: "" },
  });
  assert.deepEqual(
    Buffer.from(toBinary(PluginDataUpdateParamsSchema, update)),
    bytes("plugin data update"),
  );
  const filter = create(AccessRequestFilterSchema, { State: RequestState.PENDING });
  assert.deepEqual(
    Buffer.from(toBinary(AccessRequestFilterSchema, filter)),
    bytes("pending filter"),
  );
});
