import assert from "node:assert/strict";
import { CONTROL_HELP } from "./control_help.ts";
import { startPlayground } from "./playground.ts";

async function withControl(
  test: (
    call: (path: string, form?: Record<string, string>) => Promise<unknown>,
    playground: Awaited<ReturnType<typeof startPlayground>>,
  ) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await using playground = await startPlayground({ dir });
    await test(async (path, form = {}) => {
      const body = new URLSearchParams(form);
      const response = await fetch(playground.control.url + path, { method: "POST", body });
      const answer = await response.json();
      return response.ok ? answer : `${response.status} ${answer.error}`;
    }, playground);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("The control API makes requests with everything that newer servers send", async () => {
  await withControl(async (call, { cluster }) => {
    const [id] = await call("/create", {
      user: "alice",
      roles: "dev,dba",
      resources: JSON.stringify([
        "/one/kube_cluster/prod/ns/pod",
        { kind: "app", name: "aws", aws_console: ["arn:1"] },
        { kind: "db", name: "pg", database: { users: ["u"], names: ["n"] } },
        { kind: "node", name: "n", ssh: ["root"] },
        { kind: "windows_desktop", name: "w", windows_desktop: ["admin"] },
      ]),
      thresholds: '[{"name":"two","approve":2,"deny":1},{"approve":1}]',
      role_thresholds: '{"dba":[[0]]}',
      annotations: '{"team":["a"]}',
      max_duration: "4h",
      session_ttl: "2027-01-02T03:04:05Z",
      expires: "30m",
      kind: "long",
      access_list: "l1",
    }) as string[];
    const spec = cluster.get(id ?? "")?.Spec ?? assert.fail();
    assert.deepEqual(
      spec.RequestedResourceAccessIDs.map(({ id, constraints }) => [
        id?.ClusterName,
        id?.Kind,
        id?.SubResourceName,
        constraints?.details.case,
      ]),
      [
        ["one", "kube_cluster", "ns/pod", undefined],
        ["sim.example.com", "app", "", "awsConsole"],
        ["sim.example.com", "db", "", "database"],
        ["sim.example.com", "node", "", "ssh"],
        ["sim.example.com", "windows_desktop", "", "windowsDesktop"],
      ],
    );
    assert.deepEqual(spec.Thresholds.map(({ Name, Approve }) => [Name, Approve]), [
      ["two", 2],
      ["", 1],
    ]);
    assert.deepEqual(spec.RoleThresholdMapping["dba"]?.Sets.map(({ Indexes }) => Indexes), [[0]]);
    assert.deepEqual(spec.SystemAnnotations?.Values["team"]?.Values, ["a"]);
    assert.equal(spec.LongTermGrouping?.RecommendedAccessList, "l1");
    assert.equal(spec.SessionTTL?.seconds, BigInt(Date.parse("2027-01-02T03:04:05Z") / 1000));
    const hours = Number(spec.MaxDuration?.seconds) - Number(spec.Created?.seconds);
    assert.ok(Math.abs(hours - 4 * 3600) < 60);

    const review = { id: id ?? "", author: "bob", state: "approved", "submitted_by": "chat" };
    assert.equal(await call("/review", { ...review, assume_start: "1h" }), "ok");
    const [reviewed] = cluster.get(id ?? "")?.Spec?.Reviews ?? [];
    assert.equal(reviewed?.SubmittedBy, "chat");
    assert.ok(reviewed?.AssumeStartTime);
    const [plain] = await call("/create?resources=/one/node/a,/one/node/b") as string[];
    assert.equal(cluster.get(plain ?? "")?.Spec?.RequestedResourceIDs.length, 2);
  });
});

Deno.test("The control API writes rules as a server does, or past its checks", async () => {
  await withControl(async (call, { cluster }) => {
    const rule = { name: "r1", condition: "nope", recipients: "a@x.org,b@x.org" };
    assert.match(String(await call("/rule", rule)), /^400 .*unknown identifier: "nope"/s);
    assert.equal(await call("/rule", { ...rule, unchecked: "1" }), "ok");
    const schedules = JSON.stringify({
      office: { shifts: [{ weekday: "Monday", start: "09:00", end: "17:00" }] },
    });
    assert.equal(await call("/rule", { name: "r2", schedules }), "ok");
    const review = { "automatic_review": "builtin", decision: "APPROVED" };
    assert.equal(await call("/rule", { name: "r3", notification: "", ...review }), "ok");
    const rules = await call("/rules") as { metadata: { name: string } }[];
    assert.deepEqual(rules.map(({ metadata }) => metadata.name), ["r1", "r2", "r3"]);
    assert.equal(cluster.rules.get("r3")?.spec?.notification, undefined);
    assert.equal(await call("/rule/delete", { name: "r1" }), "ok");
    assert.match(String(await call("/rule/delete", { name: "r1" })), /^400 .*doesn't exist$/);
  });
});

Deno.test("The control API fills the directory, and removes permissions", async () => {
  await withControl(async (call, { auth, cluster }) => {
    const traits = '{"team":["a","b"]}';
    assert.equal(await call("/user", { name: "alice", state: "login", traits }), "ok");
    assert.deepEqual(cluster.users.find("user_login_state", "alice").traits, { team: ["a", "b"] });
    const resource = { kind: "db", name: "pg", labels: '{"env":"prod"}' };
    assert.equal(await call("/resource", resource), "ok");
    assert.equal(cluster.resources.list("db_server", undefined, { env: "prod" }).length, 1);
    assert.equal(await call("/resource/delete", resource), "ok");
    assert.equal(cluster.resources.list("db_server", undefined, {}).length, 0);
    const list = { name: "l1", title: "One", owners: "alice", "next_audit": "48h", notify: "24h" };
    assert.equal(await call("/access_list", list), "ok");
    const [[, stored] = []] = cluster.accessLists.list();
    assert.equal(stored?.spec?.audit?.notifications?.start?.seconds, 86_400n);
    assert.equal(await call("/access_list/delete", { name: "l1" }), "ok");

    const caller = { user: "access-email", roles: ["access-plugin"] };
    const mayRead = () => cluster.roles.allows(caller, "access_monitoring_rule", "read");
    await call("/forbid", { kind: "access_monitoring_rule" });
    assert.equal(mayRead(), false);
    await call("/forbid", { kind: "access_monitoring_rule", on: "0" });
    assert.equal(mayRead(), true);
    await call("/old");
    assert.equal(auth.isOld, true);
    await call("/old?on=0");
    assert.equal(auth.isOld, false);
  });
});

Deno.test("The control API names the wrong parameter, and how to correct it", async () => {
  await withControl(async (call) => {
    const error = (path: string) => call(path);
    assert.equal(
      await error("/create?resources=node/a"),
      "400 Cannot do '/create': parameter 'resources' is 'node/a', want /cluster/kind/name",
    );
    assert.match(String(await error("/create?thresholds=[")), /'thresholds' is not JSON: /);
    assert.match(
      String(await error('/create?thresholds=[{"approve":"x"}]')),
      /parameter 'thresholds' at '0.approve' is wrong: /,
    );
    assert.match(String(await error("/create?max_duration=soon")), /want a duration such as '12h'/);
    assert.match(String(await error("/forbid?kind=x&on=maybe")), /'on' is 'maybe', want 1 or 0/);
    assert.match(String(await error("/user?name=a&state=odd")), /want one of login, user, none/);
  });
});

Deno.test("The help of `deno task cluster` has every call of the control API", async () => {
  await withControl(async (call) => {
    const known = /choose one of (.*)$/.exec(String(await call("/nosuch")))?.[1] ?? "";
    const paths = known.split(", ");
    assert.ok(paths.length > 20);
    for (const path of paths) assert.match(CONTROL_HELP, new RegExp(`(^|[ ,])${path}\\b`, "m"));
    for (const [path = ""] of CONTROL_HELP.matchAll(/^ {2}\/[a-z_/]+/gm)) {
      assert.ok(paths.includes(path.trim()), path);
    }
  });
});
