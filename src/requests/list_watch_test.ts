import assert from "node:assert/strict";
import { ClusterError } from "../teleport/errors.ts";
import { listAndWatch, type ListWatchTarget } from "./list_watch.ts";
import type { Listing } from "./listing.ts";
import { FakeCluster, LISTING_ROLE } from "./testing/fake_cluster.ts";
import { aRequest } from "./testing/fixtures.ts";
import { FakeClock, settleDown } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";
import { noRules } from "./testing/no_rules.ts";

class Target implements ListWatchTarget {
  readonly seen: string[] = [];

  update(id: string, snapshot: Parameters<ListWatchTarget["update"]>[1]): void {
    this.seen.push(`${id} ${snapshot === "gone" ? "gone" : snapshot.state}`);
  }

  beginListing(): void {
    this.seen.push("begin");
  }

  missing: readonly string[] = [];

  missingFrom(): readonly string[] {
    return this.missing;
  }

  replace({ requests, records, touched }: Listing, gone: ReadonlySet<string>): void {
    const end = gone.size === 0 ? "" : ` gone ${[...gone]}`;
    this.seen.push(`list ${requests?.length} ${records.size} touched ${[...touched]}${end}`);
  }
}

function setUp(cluster = new FakeCluster(), options: { readonly failFast?: boolean } = {}) {
  const clock = new FakeClock();
  const log = fakeLog();
  const target = new Target();
  const drain = new AbortController();
  const live: boolean[] = [];
  const done = listAndWatch({
    cluster,
    target,
    rules: noRules,
    clock,
    random: () => 0.5,
    log,
    ...options,
    onLive: (is) => live.push(is),
  }, drain.signal);
  const messages = () => log.lines.filter((l) => l.level !== "debug").map((l) => l.message);
  const end = async () => {
    drain.abort();
    await done;
    assert.deepEqual([clock.pending, cluster.watchers], [0, 0]);
  };
  return { cluster, clock, target, live, done, messages, log, end };
}

const LOST = new ClusterError("unavailable", "stream reset");

Deno.test("listAndWatch() lists everything after the stream has started, then passes events on", async () => {
  const { cluster, clock, target, live, end } = setUp();
  await clock.tick(0);
  assert.deepEqual(cluster.calls, [
    "watch",
    "listRecords",
    "currentRoles",
    "listRequests",
    "currentRoles",
  ]);
  cluster.put(aRequest());
  cluster.remove("r1");
  await clock.tick(0);
  assert.deepEqual(target.seen, ["begin", "list 0 0 touched ", "r1 PENDING", "r1 gone"]);
  assert.deepEqual(live, [true]);
  await end();
});

Deno.test("listAndWatch() reports the requests whose events were newer than the listing", async () => {
  const cluster = new FakeCluster();
  let answer = () => {};
  cluster.listRequests = () => new Promise((resolve) => answer = () => resolve([]));
  const { clock, target, end } = setUp(cluster);
  await clock.tick(0);
  cluster.put(aRequest());
  await clock.tick(0);
  answer();
  await clock.tick(0);
  assert.deepEqual(target.seen, ["begin", "r1 PENDING", "list 0 0 touched r1"]);
  await end();
});

Deno.test("listAndWatch() reconnects after an end and after an error, and lists again each time", async () => {
  const { cluster, clock, target, live, messages, end } = setUp();
  await clock.tick(2000);
  cluster.drop();
  await clock.tick(5000);
  cluster.drop(LOST);
  await clock.tick(5000);
  const listing = ["begin", "list 0 0 touched "];
  assert.deepEqual(target.seen, [...listing, ...listing, ...listing]);
  assert.deepEqual(live, [true, false, true, false, true]);
  assert.deepEqual(messages(), [
    "Watcher stream closed, attempting to reconnect",
    "Watcher is connected again",
    "Connection problem detected, attempting to reconnect",
    "Watcher is connected again",
  ]);
  await end();
});

Deno.test("listAndWatch() waits longer and longer during one outage, and logs it once", async () => {
  const cluster = new FakeCluster();
  const { clock, messages, end } = setUp(cluster);
  await clock.tick(2000);
  const { watch } = cluster;
  let attempts = 0;
  cluster.watch = function (signal) {
    attempts++;
    if (attempts > 12) return watch.call(this, signal);
    throw LOST;
  };
  cluster.drop(LOST);
  await clock.tick(1000);
  assert.ok(attempts > 3 && attempts < 8, `${attempts} attempts in a second`);
  await clock.tick(60_000);
  assert.deepEqual(messages(), [
    "Connection problem detected, attempting to reconnect",
    "Watcher is connected again",
  ]);
  await end();
});

/** A stream that says nothing until it is given up. */
Deno.test("listAndWatch() lists again when the stream comes from another connection", async () => {
  const { cluster, clock, target, live, end } = setUp();
  await clock.tick(0);
  cluster.emit({ type: "init", kinds: [] });
  await clock.tick(0);
  assert.deepEqual(target.seen, ["begin", "list 0 0 touched ", "begin", "list 0 0 touched "]);
  assert.deepEqual(live, [true, true]);
  await end();
});

Deno.test("listAndWatch() ends with the stream with fail fast", async () => {
  const closing = new FakeCluster();
  closing.watch = async function* () {
    await Promise.resolve();
    yield { type: "init", kinds: [] };
  };
  await assert.rejects(setUp(closing, { failFast: true }).done, {
    message: "Watcher stream closed. Exiting as fail fast is on.",
  });
  const broken = new FakeCluster();
  broken.watch = () => {
    throw LOST;
  };
  await assert.rejects(setUp(broken, { failFast: true }).done, {
    message: `Connection problem detected. Exiting as fail fast is on.: ${LOST.message}`,
  });
});

Deno.test("listAndWatch() starts over when the listing fails", async () => {
  const cluster = new FakeCluster();
  const { listRecords } = cluster;
  let failures = 1;
  cluster.listRecords = () => failures-- > 0 ? Promise.reject(LOST) : listRecords.call(cluster);
  const { clock, live, end } = setUp(cluster);
  await clock.tick(1000);
  assert.deepEqual(live, [false, true]);
  await end();
});

Deno.test("listAndWatch() rejects when the first watch is refused for a missing permission", async () => {
  const cluster = new FakeCluster();
  cluster.watch = () => {
    throw new ClusterError("denied", "the role needs 'read'");
  };
  const { done } = setUp(cluster);
  await assert.rejects(done, { message: "the role needs 'read'" });
});

Deno.test("listAndWatch() keeps retrying, slowly, when a later watch is refused", async () => {
  const cluster = new FakeCluster();
  const { clock, end } = setUp(cluster);
  await clock.tick(2000);
  const { watch } = cluster;
  let attempts = 0;
  cluster.watch = () => {
    attempts++;
    throw new ClusterError("denied", "no");
  };
  cluster.drop(LOST);
  await clock.tick(50_000);
  assert.equal(attempts, 1);
  cluster.watch = watch;
  await clock.tick(20_000);
  assert.equal(cluster.watchers, 1);
  await settleDown();
  await end();
});

const NARROW_ROLE = { ...LISTING_ROLE, allow: [{ ...LISTING_ROLE.allow[0]!, verbs: ["read"] }] };

/** What was logged at a level, with the reason. */
function said({ log }: ReturnType<typeof setUp>, level: "error" | "info"): readonly unknown[] {
  return log.lines.filter((line) => line.level === level)
    .map(({ message, fields }) => [message, fields["reason"], fields["missing"]]);
}

const INCOMPLETE = "Listing of access requests may be incomplete, it closes no request";

Deno.test("A missing request is gone when the server does not find it and the roles may list all", async () => {
  const stage = setUp();
  stage.target.missing = ["r1", "r2"];
  stage.cluster.requests.set("r2", aRequest({ id: "r2" }));
  stage.cluster.cachedRequests = [];
  await stage.clock.tick(0);
  assert.deepEqual(stage.target.seen, ["begin", "list 1 0 touched  gone r1"]);
  assert.deepEqual(said(stage, "error"), []);
  await stage.end();
});

Deno.test("A listing that the roles do not allow closes nothing, which one error says", async () => {
  const stage = setUp();
  stage.cluster.roles = [NARROW_ROLE];
  stage.cluster.isNarrowed = true;
  stage.target.missing = ["r1"];
  await stage.clock.tick(0);
  stage.cluster.drop();
  await stage.clock.tick(60_000);
  assert.deepEqual(new Set(stage.target.seen), new Set(["begin", "list 0 0 touched "]));
  const reason = "the roles do not grant 'list' on 'access_request', or deny it";
  assert.deepEqual(said(stage, "error"), [[INCOMPLETE, reason, 1]]);
  await stage.end();
});

Deno.test("A listing is taken again as soon as the roles allow a complete one, which one line says", async () => {
  const stage = setUp();
  stage.cluster.roles = [NARROW_ROLE];
  await stage.clock.tick(60_000);
  const listings = () => stage.cluster.calls.filter((call) => call === "listRequests").length;
  assert.equal(listings(), 1);
  stage.cluster.roles = [LISTING_ROLE];
  await stage.clock.tick(30_000);
  assert.equal(listings(), 2);
  const line = stage.log.lines.findLast(({ level }) => level === "info");
  assert.deepEqual([line?.message, line?.fields], [
    "Listing of access requests is complete again",
    { after_seconds: 90 },
  ]);
  await stage.clock.tick(600_000);
  assert.equal(listings(), 2);
  await stage.end();
});

Deno.test("A listing is taken again when the right was missing before it and is back after it", async () => {
  const stage = setUp();
  stage.cluster.roles = [NARROW_ROLE];
  stage.cluster.beforeCall = (call) => {
    if (call === "listRequests") stage.cluster.roles = [LISTING_ROLE];
  };
  await stage.clock.tick(0);
  assert.equal(said(stage, "error").length, 1);
  await stage.clock.tick(30_000);
  const listings = stage.cluster.calls.filter((call) => call === "listRequests").length;
  assert.deepEqual([listings, said(stage, "info").length], [2, 1]);
  await stage.end();
});

Deno.test("Nothing is closed where the roles do not tell: too old a server, a condition, an error", async () => {
  const where = {
    ...LISTING_ROLE,
    allow: [{ ...LISTING_ROLE.allow[0]!, where: "contains(a, b)" }],
  };
  for (const roles of [undefined, [where], "refused"] as const) {
    const stage = setUp();
    stage.target.missing = ["r1"];
    if (roles === "refused") {
      stage.cluster.beforeCall = (call) => {
        if (call === "currentRoles") throw new ClusterError("denied", "no");
      };
    } else stage.cluster.roles = roles;
    await stage.clock.tick(0);
    assert.equal(stage.target.seen.at(-1), "list 0 0 touched ");
    assert.equal(said(stage, "error").length, 1);
    // What is missing may be listed later.
    stage.target.missing = [];
    await stage.clock.tick(630_000);
    assert.equal(said(stage, "info").length, 1);
    await stage.end();
  }
});

Deno.test("A listing from which nothing is missing needs no roles that tell", async () => {
  const stage = setUp();
  stage.cluster.roles = undefined;
  await stage.clock.tick(0);
  assert.deepEqual(said(stage, "error"), []);
  await stage.end();
});
