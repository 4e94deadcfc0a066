/**
 * The client's calls against a second opinion: a cluster in Go, on Teleport's own API module, which
 * encodes what is newer by hand. It is no part of this repository (`faults/go_process.ts`).
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { resourcePath } from "../../src/teleport/access_request/resources.ts";
import type { AccessRequest } from "../../src/teleport/access_request/read.ts";
import type { TeleportClient } from "../../src/teleport/client.ts";
import { connectClient } from "../../src/teleport/testing/cluster_client.ts";
import { errorOf } from "../../src/teleport/testing/with_cluster.ts";
import { buildGo, GO_CLUSTER, hasGoCluster, startGo } from "../faults/go_process.ts";

const isThere = hasGoCluster();
const never = new AbortController().signal;
const RULES = ["access_monitoring_rule"] as const;

interface Stage {
  readonly client: TeleportClient;
  /** Calls the control API; what is no text is sent as JSON. */
  control(path: string, parameters?: Readonly<Record<string, unknown>>): Promise<unknown>;
}

let building: Promise<string> | undefined;

/** The compiled cluster, which takes longer to link than any test to run. */
function program(): Promise<string> {
  return building ??= (async () => {
    const dir = await Deno.makeTempDir({ prefix: "teleport-email-gobuild-" });
    globalThis.addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
    await buildGo(GO_CLUSTER, join(dir, "gocluster"));
    return join(dir, "gocluster");
  })();
}

async function onGoCluster(
  args: readonly string[],
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-gocalls-" });
  try {
    await using cluster = await startGo(await program(), ["--dir", dir, ...args]);
    using connected = connectClient({
      address: cluster.addresses["auth"] ?? assert.fail("no address"),
      identity: join(dir, "identity"),
    });
    await test({
      client: connected.client,
      control: async (path, parameters = {}) => {
        const texts = Object.entries(parameters).map(([name, value]) => [
          name,
          typeof value === "string" ? value : JSON.stringify(value),
        ]);
        const response = await cluster.control(`${path}?${new URLSearchParams(texts)}`);
        return await response.json();
      },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function goTest(name: string, args: readonly string[], test: (stage: Stage) => Promise<void>) {
  Deno.test({ name, ignore: !isThere, fn: () => onGoCluster(args, test) });
}

goTest("The Go cluster's rules are listed on all pages, and watched", [], async (stage) => {
  const { client, control } = stage;
  for (const name of ["r1", "r2", "r3", "r4", "r5"]) await control("/rule", { name });
  await control("/rule", { name: "chat", notification: "slack" });
  const shift = { weekday: "Monday", start: "09:00", end: "17:00" };
  await control("/rule", {
    name: "r3",
    condition: 'access_request.spec.user == "Größe"',
    recipients: "a@x.org,b@x.org",
    subjects: "user,access_request",
    states: "approved",
    schedules: { office: { timezone: "Europe/Berlin", shifts: [shift] }, never: null },
    automatic_review: "builtin",
    decision: "DENIED",
    reason: "no",
    desired_state: "reviewed",
  });
  const rules = await client.listRules(never);
  assert.deepEqual(rules.map(({ name }) => name), ["r1", "r2", "r3", "r4", "r5"]);
  assert.deepEqual(rules[2], {
    name: "r3",
    condition: 'access_request.spec.user == "Größe"',
    subjects: ["user", "access_request"],
    states: ["approved"],
    notification: { name: "email", recipients: ["a@x.org", "b@x.org"] },
    automaticReview: { integration: "builtin", decision: "DENIED", reason: "no" },
    desiredState: "reviewed",
    schedules: new Map([
      ["never", {}],
      ["office", { time: { timezone: "Europe/Berlin", shifts: [shift] } }],
    ]),
  });

  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of client.watch(stop.signal, RULES)) {
    if (event.type === "init") {
      assert.deepEqual(event.kinds, RULES);
      await control("/rule", { name: "new" });
      await control("/rule", { name: "quiet", silent: "1" });
      await control("/create", { user: "alice", roles: "dev" });
      await control("/rule/delete", { name: "new" });
    }
    seen.push(event.type === "put-rule" ? `${event.type} ${event.rule.name}` : event.type);
    if (event.type === "delete-rule") stop.abort();
  }
  assert.deepEqual(seen, ["init", "put-rule new", "put", "delete-rule"]);
  assert.ok((await client.listRules(never)).some(({ name }) => name === "quiet"));
});

for (const flag of ["--deny-rules", "--old"]) {
  goTest(`The Go cluster with ${flag} is watched for requests alone`, [flag], async (stage) => {
    const { client, control } = stage;
    const stop = new AbortController();
    for await (const event of client.watch(stop.signal, RULES)) {
      if (event.type === "init") {
        assert.deepEqual(event.kinds, []);
        await control("/rule", { name: "r1" });
        await control("/create", { user: "alice", roles: "dev" });
      } else {
        assert.equal(event.type, "put");
        stop.abort();
      }
    }
    const { kind } = await errorOf(client.listRules(never));
    assert.equal(kind, flag === "--old" ? "unsupported" : "denied");
  });
}

for (const args of [[], ["--old"], ["--no-legacy"]]) {
  const name = `The Go cluster's users have traits ${args.join()}`.trim();
  goTest(name, args, async ({ client, control }) => {
    const all = { team: ["blue", "red"] };
    const own = { team: ["blue"] };
    const traitsOf = { name: "alice", state: "login", traits: all, "static_traits": own };
    await control("/user", traitsOf);
    await control("/user", { name: "bob", state: "user", traits: own });
    await control("/user", { name: "eve", state: "denied" });
    const traits = (user: string) => client.readTraits(user, never);
    const isOld = args.includes("--old");
    assert.deepEqual(await traits("alice"), new Map(Object.entries(isOld ? own : all)));
    assert.deepEqual(await traits("bob"), new Map(Object.entries(own)));
    assert.equal(await traits("nobody"), undefined);
    assert.equal((await errorOf(traits("eve"))).kind, "denied");
  });
}

goTest("The Go cluster's resources are found by name, with labels", [], async (stage) => {
  const { client, control } = stage;
  const kinds = ["node", "app", "db", "kube_cluster", "windows_desktop", "user_group"];
  for (const kind of kinds) {
    for (const name of ["one", "two", 'th"ree', "four"]) {
      const labels = { env: "prod" };
      await control("/resource", { kind, name, labels, dynamic: { load: "1" }, hostname: "h" });
    }
  }
  for (const kind of kinds) {
    const found = await client.listResources(kind, ["one", 'th"ree', "four", "gone"], never);
    assert.deepEqual(found.map(({ name }) => name).sort(), ["four", "one", 'th"ree']);
    const hasDynamic = !["windows_desktop", "user_group"].includes(kind);
    for (const { labels, friendlyName } of found) {
      assert.deepEqual([...labels], [["env", "prod"], ...hasDynamic ? [["load", "1"]] : []]);
      assert.equal(friendlyName, kind === "node" ? "h" : undefined);
    }
  }
  await control("/resource", { kind: "user_group", denied: "1" });
  assert.equal((await errorOf(client.listResources("user_group", ["one"], never))).kind, "denied");
});

goTest("The Go cluster's access lists are listed with their owners", [], async (stage) => {
  const { client, control } = stage;
  for (const name of ["l1", "l2", "l3"]) {
    await control("/access_list", {
      name,
      title: `List ${name}`,
      owners: name === "l1" ? "alice,list:l2" : "bob",
      roles: "dba",
      next_audit: "2027-01-02T03:04:05Z",
      notify: "48h",
      months: "3",
      members: "7",
    });
  }
  const lists = await client.listAccessLists(never);
  assert.deepEqual(lists.map(({ title }) => title), ["List l1", "List l2", "List l3"]);
  assert.deepEqual(lists[0], {
    name: "l1",
    title: "List l1",
    description: "",
    owners: [{ name: "alice", isAccessList: false }, { name: "l2", isAccessList: true }],
    roles: ["dba"],
    memberCount: 7,
    nextAuditMs: Date.parse("2027-01-02T03:04:05Z"),
    remindBeforeMs: 48 * 3_600_000,
    auditMonths: 3,
  });
  assert.deepEqual(await client.listAccessListOwners("l1", never), ["alice", "bob"]);
  await control("/access_list", { denied: "1" });
  assert.equal((await errorOf(client.listAccessLists(never))).kind, "denied");
});

goTest("The Go cluster of the Community edition has no access lists", ["--oss"], async (stage) => {
  assert.equal((await errorOf(stage.client.listAccessLists(never))).kind, "unsupported");
});

goTest("The Go cluster's newer fields of requests are read", [], async ({ client, control }) => {
  const one = async (
    parameters: Readonly<Record<string, unknown>>,
    change?: (id: string) => Promise<unknown>,
  ): Promise<AccessRequest> => {
    const made = await control("/create", { user: "alice", roles: "dev,dba", ...parameters });
    assert.ok(Array.isArray(made));
    const [id] = made;
    await change?.(id);
    const listed = await client.listRequests(never);
    return listed?.find((request) => request.id === id) ?? assert.fail("not listed");
  };
  const time = (hour: number) => `2027-01-02T0${hour}:00:00Z`;
  const ms = (hour: number) => Date.parse(time(hour));
  const resources = [
    "/one/kube_cluster/prod/ns/pod",
    { cluster: "one", kind: "app", name: "aws", aws_console: ["arn:1", "arn:2"] },
    { cluster: "one", kind: "node", name: "n1", ssh: ["root"] },
    { cluster: "one", kind: "windows_desktop", name: "w1", windows_desktop: ["admin"] },
  ];
  const full = await one({
    resources,
    kind: "long",
    access_list: "l1",
    validation: "no list grants all",
    max_duration: time(4),
    session_ttl: time(3),
    assume_start: time(2),
    resource_expiry: time(1),
    login_hint: "root",
    annotations: { team: ["a", "b"] },
    thresholds: [{ name: "two", approve: 2, deny: 1, filter: "x" }, { approve: 1 }],
    role_thresholds: { dba: [[0], [0, 1]] },
  });
  assert.deepEqual(full.resources.map(resourcePath), [
    "/one/kube_cluster/prod/ns/pod",
    "/one/app/aws",
    "/one/node/n1",
    "/one/windows_desktop/w1",
  ]);
  assert.deepEqual(full.resources.map(({ constraints }) => constraints), [
    [],
    [{ what: "role_arns", values: ["arn:1", "arn:2"] }],
    [{ what: "logins", values: ["root"] }],
    [{ what: "logins", values: ["admin"] }],
  ]);
  assert.equal(full.requestKind, "long-term");
  assert.deepEqual(full.longTerm, {
    recommendedAccessList: "l1",
    validationMessage: "no list grants all",
  });
  assert.deepEqual(
    [full.maxDurationEndMs, full.sessionEndMs, full.assumeStartMs, full.expiresMs],
    [4, 3, 2, 1].map(ms),
  );
  assert.equal(full.loginHint, "root");
  assert.deepEqual(full.systemAnnotations, new Map([["team", ["a", "b"]]]));
  assert.deepEqual(full.thresholds.map(({ name, approve, deny }) => [name, approve, deny]), [
    ["two", 2, 1],
    ["", 1, 0],
  ]);
  assert.deepEqual(full.roleThresholds, new Map([["dba", [[0], [0, 1]]], ["dev", [[0, 1]]]]));

  for (const where of ["14", "26", "both"]) {
    const { resources } = await one({ resources: ["/one/node/n1"], resources_in: where });
    assert.deepEqual(resources.map(resourcePath), ["/one/node/n1"], where);
  }
  const reviewed = await one({ kind: "short" }, (id) =>
    control("/review", {
      id,
      author: "bob",
      state: "PROMOTED",
      assume_start: time(5),
      access_list: "l1",
      title: "Owners",
      submitted_by: "chat",
    }));
  assert.equal(reviewed.requestKind, "short-term");
  const { createdMs: _, ...review } = reviewed.reviews[0] ?? assert.fail();
  assert.deepEqual(review, {
    author: "bob",
    state: "PROMOTED",
    reason: "",
    assumeStartMs: ms(5),
    accessList: { name: "l1", title: "Owners" },
    submittedBy: "chat",
  });
  const promoted = await one(
    {},
    (id) => control("/resolve", { id, state: "PROMOTED", access_list: "l1", title: "Owners" }),
  );
  assert.equal(promoted.state, "PROMOTED");
  assert.deepEqual(promoted.accessList, { name: "l1", title: "Owners" });
});
