import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import assert from "node:assert/strict";
import {
  PluginDataFilterSchema,
  PluginDataUpdateParamsSchema,
} from "../../src/teleport/generated/types_pb.ts";
import { PluginDataStore } from "./plugin_data.ts";

const START = new Date("2026-01-02T03:00:00Z");
const HOUR_MS = 3_600_000;

function storeWith(requests: Record<string, Date>) {
  const clock = { now: START };
  const store = new PluginDataStore((id) => requests[id], () => clock.now);
  const update = (
    set: Record<string, string>,
    expect: Record<string, string> = {},
    plugin = "email",
    kind = "access_request",
  ) =>
    store.update(create(PluginDataUpdateParamsSchema, {
      Kind: kind,
      Resource: "r",
      Plugin: plugin,
      Set: set,
      Expect: expect,
    }));
  const get = (plugin = "", resource = "r") =>
    store.get(create(PluginDataFilterSchema, {
      Kind: "access_request",
      Resource: resource,
      Plugin: plugin,
    }));
  return { store, clock, update, get, requests };
}

Deno.test("PluginDataStore serves only access requests", () => {
  const { update } = storeWith({ r: START });
  assert.throws(() => update({ a: "1" }, {}, "email", "user"), {
    code: "INVALID_ARGUMENT",
    message: 'unsupported resource kind "user"',
  });
});

Deno.test("PluginDataStore.get() returns nothing for a missing record", () => {
  assert.deepEqual(storeWith({ r: START }).get(), []);
});

Deno.test("PluginDataStore.get() returns all plugins' entries, whichever was requested", () => {
  const { update, get } = storeWith({ r: START });
  update({ a: "1" });
  update({ b: "2" }, {}, "slack");
  assert.deepEqual(Object.keys(get("slack")[0]?.Spec?.Entries ?? {}), ["email", "slack"]);
  assert.deepEqual(get("jira"), []);
});

Deno.test("PluginDataStore.update() refuses an unknown request", () => {
  assert.throws(() => storeWith({}).update({ a: "1" }), {
    code: "NOT_FOUND",
    message: 'access request "r" not found',
  });
});

Deno.test("PluginDataStore.update() works on a record whose request is gone, until an hour later", () => {
  const { update, get, requests, clock } = storeWith({ r: START });
  update({ a: "1" });
  delete requests["r"];
  clock.now = new Date(START.getTime() + HOUR_MS - 1);
  update({ b: "2" });
  const expires = get()[0]?.Metadata?.Expires;
  assert.equal(expires && timestampDate(expires).getTime(), START.getTime() + HOUR_MS);
  clock.now = new Date(START.getTime() + HOUR_MS);
  assert.deepEqual(get(), []);
  assert.throws(() => update({ c: "3" }), { code: "NOT_FOUND" });
});

Deno.test("PluginDataStore.update() treats an empty Expect as no condition", () => {
  const { store, update } = storeWith({ r: START });
  update({ a: "1" });
  update({ a: "2" }, {});
  assert.deepEqual(store.entry("r", "email"), { a: "2" });
});

Deno.test("PluginDataStore.update() expects an empty value to be absent", () => {
  const { update } = storeWith({ r: START });
  update({ a: "1" }, { a: "", b: "" });
  assert.throws(() => update({ a: "2" }, { b: "", a: "" }), {
    code: "FAILED_PRECONDITION",
    message: 'expectations not met for field "a"',
  });
  update({ a: "2" }, { a: "1" });
});

Deno.test("PluginDataStore.update() checks Expect against a record that does not exist yet", () => {
  const { store, update } = storeWith({ r: START });
  assert.throws(() => update({ a: "2" }, { a: "1" }), { code: "FAILED_PRECONDITION" });
  assert.deepEqual(store.all(), {});
});

Deno.test("PluginDataStore.update() does not compare keys that Expect leaves out", () => {
  const { store, update } = storeWith({ r: START });
  update({ a: "1", b: "1" });
  update({ b: "2" }, { b: "1" });
  assert.deepEqual(store.entry("r", "email"), { a: "1", b: "2" });
});

Deno.test("PluginDataStore.update() deletes by an empty value and removes an empty entry", () => {
  const { store, update, get } = storeWith({ r: START });
  update({ a: "1" });
  update({ a: "" });
  assert.equal(store.entry("r", "email"), undefined);
  assert.equal(get().length, 1); // the record itself stays
});

Deno.test("PluginDataStore.update() refuses a record that grows too large and keeps the old one", () => {
  const { store, update } = storeWith({ r: START });
  update({ a: "x".repeat(600_000) });
  assert.throws(() => update({ b: "x".repeat(400_000) }, {}, "slack"), {
    code: "INVALID_ARGUMENT",
    message: "plugin data size limit exceeded",
  });
  assert.equal(store.entry("r", "slack"), undefined);
});

Deno.test("PluginDataStore keeps the records of access lists until their list is deleted", () => {
  const lists = new Set(["l"]);
  const store = new PluginDataStore(() => undefined, () => START, lists);
  const update = (name: string) =>
    store.update(create(PluginDataUpdateParamsSchema, {
      Kind: "access_list",
      Resource: name,
      Plugin: "email",
      Set: { a: "1" },
      Expect: { a: "" },
    }));
  update("l");
  assert.deepEqual(store.listEntry("l", "email"), { a: "1" });
  assert.equal(store.entry("l", "email"), undefined);
  assert.throws(() => update("l"), { code: "FAILED_PRECONDITION" });
  assert.throws(() => update("gone"), { code: "NOT_FOUND" });
  lists.delete("l");
  assert.equal(store.listEntry("l", "email"), undefined);
  store.takesLists = false;
  assert.throws(() => update("l"), {
    code: "INVALID_ARGUMENT",
    message: 'unsupported resource kind "access_list"',
  });
});
