import assert from "node:assert/strict";
import type { AccessMonitoringRule } from "../../teleport/rules/rule.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { fakeLog } from "../../testing/fake_log.ts";
import { aRule } from "../testing/a_rule.ts";
import { RuleStore } from "./rule_store.ts";

const never = new AbortController().signal;

type Listing = () => Promise<readonly AccessMonitoringRule[]>;

/** A store whose cluster answers as `listing` says. */
function storeOf(listing: Listing) {
  const log = fakeLog();
  return { store: new RuleStore({ log, cluster: { listRules: listing } }), log };
}

async function namesIn(store: RuleStore): Promise<readonly string[]> {
  return (await store.current(never)).map(({ name }) => name);
}

const A = aRule("a", "true");
const B = aRule("b", "true");

Deno.test("Who wants rules waits until they are listed, or gives up", async () => {
  const answer = Promise.withResolvers<readonly AccessMonitoringRule[]>();
  const { store } = storeOf(() => answer.promise);
  const listed = store.list(true, never);
  let isThere = false;
  const names = namesIn(store).finally(() => isThere = true);
  const giveUp = new AbortController();
  const givenUp = store.current(giveUp.signal);
  giveUp.abort(new Error("enough"));
  await assert.rejects(givenUp, /enough/);
  assert.equal(isThere, false);
  answer.resolve([B, A, {
    ...aRule("chat", "true"),
    notification: { name: "slack", recipients: [] },
  }]);
  await listed;
  assert.deepEqual(await names, ["a", "b"]);
});

Deno.test("Events change the rules, and those of a listing that is older do not undo it", async () => {
  const answers: readonly AccessMonitoringRule[][] = [[A, B], [A, B]];
  const pending: PromiseWithResolvers<void>[] = [];
  let count = 0;
  const { store } = storeOf(async () => {
    const turn = Promise.withResolvers<void>();
    pending.push(turn);
    await turn.promise;
    return answers[count++] ?? [];
  });
  const first = store.list(true, never);
  store.take({ type: "put-rule", rule: aRule("c", "true") });
  store.take({ type: "delete-rule", name: "b" });
  pending[0]?.resolve();
  await first;
  assert.deepEqual(await namesIn(store), ["a", "c"]);

  store.take({ type: "delete-rule", name: "nobody" });
  store.take({
    type: "put-rule",
    rule: { ...A, notification: { name: "slack", recipients: [] } },
  });
  assert.deepEqual(await namesIn(store), ["c"]);
  store.take({ type: "delete-rule", name: "c" });
  assert.deepEqual(await namesIn(store), []);

  // Changes without a watch are in the next list.
  const second = store.list(true, never);
  pending[1]?.resolve();
  await second;
  assert.deepEqual(await namesIn(store), ["a", "b"]);
});

Deno.test("A rule that has not changed stays the same object, so that its notices are not repeated", async () => {
  const { store } = storeOf(() => Promise.resolve([aRule("a", "true")]));
  await store.list(true, never);
  const [before] = await store.current(never);
  store.take({ type: "put-rule", rule: aRule("a", "true") });
  await store.list(true, never);
  assert.equal((await store.current(never))[0], before);
  store.take({ type: "put-rule", rule: aRule("a", "false") });
  assert.notEqual((await store.current(never))[0], before);
});

for (const kind of ["denied", "unsupported", "unwatched"] as const) {
  Deno.test(`Without rules of the cluster (${kind}) there are none, and one warning says so`, async () => {
    const { store, log } = storeOf(() => {
      if (kind === "unwatched") throw new Error("it is not asked");
      return Promise.reject(new ClusterError(kind, "no"));
    });
    for (let stream = 0; stream < 3; stream++) await store.list(kind !== "unwatched", never);
    assert.deepEqual(await namesIn(store), []);
    const warnings = log.lines.filter(({ level }) => level === "warn");
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.message ?? "", /role_to_recipients decides$/);
    assert.match(String(warnings[0]?.fields["remedy"]), /"access-plugin"/);
  });
}

Deno.test("A listing that fails for a moment is the caller's to repeat; the rules are waited for", async () => {
  let hasFailed = false;
  const { store, log } = storeOf(() => {
    if (hasFailed) return Promise.resolve([A]);
    hasFailed = true;
    return Promise.reject(new ClusterError("unavailable", "later"));
  });
  const names = namesIn(store);
  await assert.rejects(store.list(true, never), ClusterError);
  await store.list(true, never);
  assert.deepEqual(await names, ["a"]);
  assert.deepEqual(log.lines, []);
});
