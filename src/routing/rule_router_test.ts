import assert from "node:assert/strict";
import { systemClock } from "../clock.ts";
import { aRequest } from "../requests/testing/fixtures.ts";
import { ClusterError } from "../teleport/errors.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import type { LookupCluster } from "./lookups.ts";
import { routingPolicy } from "./policy.ts";
import { RuleRouter } from "./rule_router.ts";
import type { Route } from "./routes.ts";
import { readRule } from "./rules/rule.ts";
import { aRule } from "./testing/a_rule.ts";
import type { AccessMonitoringRule } from "../teleport/rules/rule.ts";

const never = new AbortController().signal;

const ROLES = aRule("roles", 'access_request.spec.roles.contains("dev")');
const TRAITS = aRule("traits", 'user.traits["team"].contains("blue")');
const LABELS = aRule(
  "labels",
  'access_request.spec.resource_labels_union["env"].contains("prod")',
);

const REQUEST = aRequest({
  user: "alice",
  roles: ["dev"],
  suggestedReviewers: [],
  resources: [["node", "n1"], ["node", "n2"], ["db", "d1"]].map(([kind = "", name = ""]) => ({
    cluster: "c",
    kind,
    name,
    part: "",
    constraints: [],
  })),
});

/** What was looked up, and a cluster that knows it. */
function clusterWith(changes: Partial<LookupCluster> = {}) {
  const calls: string[] = [];
  const known: LookupCluster = {
    readTraits: () => Promise.resolve(new Map([["team", ["blue"]]])),
    listResources: (_kind, names) =>
      Promise.resolve(names.map((name) => ({ name, labels: new Map([["env", "prod"]]) }))),
    listAccessListOwners: () => Promise.resolve([]),
    ...changes,
  };
  const cluster: LookupCluster = {
    readTraits: (user, signal) => {
      calls.push(`traits ${user}`);
      return known.readTraits(user, signal);
    },
    listResources: (kind, names, signal) => {
      calls.push(`${kind} ${names.join()}`);
      return known.listResources(kind, names, signal);
    },
    listAccessListOwners: (name, signal) => known.listAccessListOwners(name, signal),
  };
  return { cluster, calls };
}

function routerOf(
  rules: readonly AccessMonitoringRule[],
  cluster: LookupCluster,
  routes: readonly Route[] = [],
  clock: FakeClock | typeof systemClock = systemClock,
): RuleRouter {
  const policy = routingPolicy({
    roleToRecipients: new Map([["*", ["all@x.org"]]]),
    routes,
    precedence: "rules",
    hasStrictSchedules: false,
    isAddress: (text) => text.includes("@"),
  });
  const read = rules.map(readRule).flatMap((reading) => reading.applies ? [reading.rule] : []);
  return new RuleRouter(policy, {
    clock,
    cluster,
    rules: { current: () => Promise.resolve(read) },
  });
}

Deno.test("Only what some rule needs is looked up, once for each routing", async () => {
  const rows: readonly (readonly [readonly AccessMonitoringRule[], readonly string[]])[] = [
    [[], []],
    [[ROLES], []],
    [[ROLES, TRAITS, { ...TRAITS, name: "again" }], ["traits alice"]],
    [[LABELS], ["node n1,n2", "db d1"]],
    [[LABELS, TRAITS], ["traits alice", "node n1,n2", "db d1"]],
  ];
  for (const [rules, expected] of rows) {
    const { cluster, calls } = clusterWith();
    const { recipients } = await routerOf(rules, cluster).route(REQUEST, never);
    assert.deepEqual(calls, expected);
    const mailed = rules.map(({ notification }) => notification?.recipients[0]);
    assert.deepEqual(recipients, rules.length === 0 ? ["all@x.org"] : [...new Set(mailed)]);
  }
});

Deno.test("A route that mails to a trait has it looked up", async () => {
  const { cluster, calls } = clusterWith({
    readTraits: () => Promise.resolve(new Map([["manager", ["boss@x.org"]]])),
  });
  const route: Route = {
    name: "managers",
    recipients: [{ kind: "trait", trait: "manager" }],
    continues: false,
    isSilent: false,
    on: new Set(["new"]),
    schedules: new Map(),
  };
  const { recipients } = await routerOf([], cluster, [route]).route(REQUEST, never);
  assert.deepEqual([recipients, calls], [["boss@x.org"], ["traits alice"]]);
});

Deno.test("Traits and labels are looked up at the same time", async () => {
  const began = Promise.withResolvers<void>();
  let count = 0;
  const both = async () => {
    if (++count === 3) began.resolve();
    await began.promise;
  };
  const { cluster } = clusterWith({
    readTraits: async () => {
      await both();
      return new Map([["team", ["blue"]]]);
    },
    listResources: async () => {
      await both();
      return [];
    },
  });
  const { recipients } = await routerOf([LABELS, TRAITS], cluster).route(REQUEST, never);
  assert.deepEqual(recipients, ["traits@x.org"]);
});

Deno.test("A lookup that fails disables the rules that need it, and no others", async () => {
  const rules = [ROLES, TRAITS, LABELS];
  const failing = () => Promise.reject(new ClusterError("invalid", "broken"));
  for (
    const [changes, expected, words] of [
      [{ readTraits: failing }, ["roles@x.org", "labels@x.org"], /traits of the requester/],
      [{ listResources: failing }, ["roles@x.org", "traits@x.org"], /labels of requested/],
      [
        { readTraits: () => Promise.resolve(undefined) },
        ["roles@x.org", "labels@x.org"],
        /no user 'alice'/,
      ],
    ] as const
  ) {
    const { cluster } = clusterWith(changes);
    const { recipients, notices } = await routerOf(rules, cluster).route(REQUEST, never);
    assert.deepEqual(recipients, expected);
    assert.match(
      notices.map(({ message, fields }) => `${message} ${fields["error"]}`).join("\n"),
      words,
    );
  }
});

Deno.test("A lookup is tried again while it may go better", async () => {
  const clock = new FakeClock();
  let fails = 2;
  const { cluster, calls } = clusterWith({
    readTraits: () =>
      fails-- > 0
        ? Promise.reject(new ClusterError("unavailable", "later"))
        : Promise.resolve(new Map([["team", ["blue"]]])),
  });
  const routed = routerOf([TRAITS], cluster, [], clock).route(REQUEST, never);
  while (calls.length < 3) await clock.tick(1000);
  assert.deepEqual((await routed).recipients, ["traits@x.org"]);
});

Deno.test("Denied traits are none, and one notice says so for all requests", async () => {
  const denied = () => Promise.reject(new ClusterError("denied", "no"));
  const { cluster } = clusterWith({ readTraits: denied, listResources: denied });
  const blank = aRule("blank", 'is_empty(user.traits["team"])');
  const router = routerOf([TRAITS, LABELS, blank], cluster);
  const first = await router.route(REQUEST, never);
  assert.deepEqual(first.recipients, ["blank@x.org"]);
  const messages = first.notices.map(({ message }) => message);
  assert.equal(messages.filter((message) => message.includes('"access-plugin"')).length, 1);
  assert.equal(messages.filter((message) => message.includes("list requested")).length, 2);
  assert.deepEqual((await router.route(REQUEST, never)).notices, []);
});

Deno.test("What is wrong with a rule is told once, until the rule changes", async () => {
  const { cluster } = clusterWith();
  const router = routerOf([aRule("a", "nosuch"), aRule("b", "true", ["#channel"])], cluster);
  const { notices, recipients } = await router.route(REQUEST, never);
  assert.deepEqual(recipients, ["all@x.org"]);
  assert.equal(notices.length, 3);
  assert.deepEqual((await router.route(REQUEST, never)).notices, []);
});

Deno.test("Owners of an access list are looked up with the promotion, for a minute if that fails", async () => {
  const clock = new FakeClock();
  const promoted = { ...REQUEST, accessList: { name: "ops", title: "Operations" } };
  let answer = (): Promise<readonly string[]> =>
    Promise.resolve(["own@x.org", "OWN@x.org", "carol"]);
  const asked: string[] = [];
  const { cluster } = clusterWith({
    listAccessListOwners: (name) => {
      asked.push(name);
      return answer();
    },
  });
  const router = routerOf([], cluster, [], clock);
  const owners = async () => {
    const found = router.listOwners(promoted, never);
    found.catch(() => {});
    // Two pauses between three attempts.
    for (const pauseMs of [200, 1000]) await clock.tick(pauseMs);
    return await found;
  };
  assert.deepEqual(await router.listOwners(REQUEST, never), { addresses: [], notices: [] });
  assert.deepEqual(asked, []);
  const { addresses, notices } = await owners();
  assert.deepEqual([addresses, asked], [["own@x.org"], ["ops"]]);
  assert.deepEqual(notices, [{
    message: "Owner of an access list is not an email address",
    fields: { access_list: "ops", owner: "carol" },
  }]);

  answer = () => Promise.reject(new ClusterError("denied", "no"));
  const denied = await owners();
  assert.deepEqual([denied.addresses, denied.notices.length], [[], 1]);
  answer = () => Promise.reject(new ClusterError("unavailable", "later"));
  await assert.rejects(owners(), /later/);
  await clock.tick(50_000);
  await assert.rejects(owners(), /later/);
  await clock.tick(10_000);
  const late = await owners();
  assert.deepEqual(late.addresses, []);
  assert.match(late.notices[0]?.message ?? "", /^Failed to look up the owners/);
  // The next request has a minute of its own.
  await assert.rejects(owners(), /later/);
});
