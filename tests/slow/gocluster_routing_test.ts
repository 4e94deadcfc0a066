/**
 * Routing by access monitoring rules against the Go cluster: what the original does row
 * by row, by the numbers of its test table, with what `route` says of each request beside what the program did.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { route } from "../../src/cli/route.ts";
import { hasGoCluster } from "../faults/go_process.ts";
import { type GoStage, onGoStage } from "../go_stage.ts";
import { runCommand, until } from "../support.ts";

type Parameters = Readonly<Record<string, unknown>>;

/** A rule named `r1`, `r2` and so on by its place, with further parameters of the control API. */
type RuleRow = readonly [condition: string, recipients: string, more?: Parameters];

interface Row {
  /** The numbers of the table and what they are about. */
  readonly name: string;
  /** Calls before the request, after the rules. */
  readonly calls?: readonly (readonly [path: string, parameters: Parameters])[];
  readonly rules?: readonly RuleRow[];
  readonly request?: Parameters;
  readonly mailed: readonly string[];
}

const ROLE_ROUTING = ["dev@x.org", "rev@x.org"] as const;
const WEEK = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** A schedule that is on (0), or has not been for days. */
function schedule(daysAhead: number) {
  // Near midnight UTC, the request may be made on the next day.
  const on = [0, 1].map((more) => (new Date().getUTCDay() + daysAhead + more) % 7);
  const shifts = on.map((day) => ({ weekday: WEEK[day], start: "00:00", end: "23:59" }));
  return { timezone: "UTC", shifts };
}

const TEAM = 'user.traits["team"].contains("blue")';
const PROD = 'access_request.spec.resource_labels_union["env"].contains("prod")';

const NODE = JSON.stringify(["/go.example.com/node/n1"]);

const ROWS: readonly Row[] = [
  { name: "1 no rules", mailed: ROLE_ROUTING },
  { name: "2 a rule matches", rules: [["true", "a@x.org"]], mailed: ["a@x.org"] },
  { name: "3 none matches", rules: [["false", "a@x.org"]], mailed: ROLE_ROUTING },
  {
    name: "4 two match",
    rules: [["true", "a@x.org"], ["true", "b@x.org,a@x.org"]],
    mailed: ["a@x.org", "b@x.org"],
  },
  { name: "5 one of two", rules: [["true", "a@x.org"], ["false", "b@x.org"]], mailed: ["a@x.org"] },
  { name: "6 without recipients", rules: [["true", ""]], mailed: ROLE_ROUTING },
  {
    name: "7 one without recipients",
    rules: [["true", ""], ["true", "b@x.org"]],
    mailed: ["b@x.org"],
  },
  {
    name: "8 other plugins",
    rules: [["true", "a@x.org", { notification: "slack" }], ["true", "b@x.org", {
      notification: "Email",
    }]],
    mailed: ROLE_ROUTING,
  },
  {
    name: "9 subject user",
    rules: [["true", "a@x.org", { subjects: "user" }]],
    mailed: ROLE_ROUTING,
  },
  {
    name: "9 subjects user and access_request",
    rules: [["true", "a@x.org", { subjects: "user,access_request" }]],
    mailed: ["a@x.org"],
  },
  {
    name: "10 an automatic review only",
    rules: [["true", "", {
      notification: "",
      "automatic_review": "builtin",
      decision: "APPROVED",
    }]],
    mailed: ROLE_ROUTING,
  },
  {
    name: "11 an automatic review, too",
    rules: [["true", "a@x.org", {
      "automatic_review": "builtin",
      decision: "APPROVED",
      "desired_state": "reviewed",
    }]],
    mailed: ["a@x.org"],
  },
  { name: "12 states", rules: [["true", "a@x.org", { states: "approved" }]], mailed: ["a@x.org"] },
  {
    name: "13 changed to another plugin",
    rules: [["true", "a@x.org"]],
    calls: [["/rule", { name: "r1", condition: "true", recipients: "x", notification: "slack" }]],
    mailed: ROLE_ROUTING,
  },
  {
    name: "14 deleted",
    rules: [["true", "a@x.org"]],
    calls: [["/rule/delete", { name: "r1" }]],
    mailed: ROLE_ROUTING,
  },
  {
    name: "15 another deleted",
    rules: [["true", "a@x.org"], ["true", "b@x.org", { notification: "slack" }]],
    calls: [["/rule/delete", { name: "r2" }]],
    mailed: ["a@x.org"],
  },
  {
    name: "16 a broken one",
    rules: [["nosuch", "a@x.org"], ["true", "b@x.org"]],
    mailed: ["b@x.org"],
  },
  ...['"x"', "1", "access_request.spec.roles"].map((condition): Row => ({
    name: `17 no boolean: ${condition}`,
    rules: [[condition, "a@x.org"]],
    mailed: ROLE_ROUTING,
  })),
  { name: "18 empty", rules: [["", "a@x.org"]], mailed: ROLE_ROUTING },
  {
    name: "traits",
    rules: [[TEAM, "a@x.org"]],
    calls: [["/user", { name: "tess", traits: { team: ["blue"] } }]],
    request: { user: "tess" },
    mailed: ["a@x.org"],
  },
  {
    name: "traits of the login state",
    rules: [[TEAM, "a@x.org"]],
    calls: [["/user", {
      name: "luis",
      state: "login",
      traits: { team: ["blue"] },
      "static_traits": { team: ["red"] },
    }]],
    request: { user: "luis" },
    mailed: ["a@x.org"],
  },
  {
    name: "19 traits may not be read",
    rules: [[TEAM, "a@x.org"], [`is_empty(user.traits["team"])`, "b@x.org"]],
    calls: [["/user", { name: "dora", state: "denied" }]],
    request: { user: "dora" },
    mailed: ["b@x.org"],
  },
  {
    name: "20 traits cannot be looked up",
    rules: [[TEAM, "a@x.org"], ["true", "b@x.org"]],
    calls: [["/user", { name: "nina", state: "none" }]],
    request: { user: "nina" },
    mailed: ["b@x.org"],
  },
  {
    name: "labels",
    rules: [[PROD, "a@x.org"]],
    calls: [["/resource", { kind: "node", name: "n1", labels: { env: "prod" } }]],
    request: { resources: NODE },
    mailed: ["a@x.org"],
  },
  {
    name: "35 resources in the newer field alone",
    rules: [[PROD, "a@x.org"]],
    request: { resources: NODE, "resources_in": "26" },
    mailed: ["a@x.org"],
  },
  {
    name: "21 resources may not be listed",
    rules: [[PROD, "a@x.org"], ["true", "b@x.org"]],
    calls: [["/resource", { kind: "node", denied: "1" }]],
    request: { resources: NODE },
    mailed: ["b@x.org"],
  },
  {
    name: "36 a request for resources without roles",
    rules: [["false", "a@x.org"]],
    request: { resources: NODE, roles: "" },
    mailed: ["rev@x.org"],
  },
  { name: "22 no address at all", rules: [["true", "not-an-email"]], mailed: ROLE_ROUTING },
  {
    name: "22 an address beside",
    rules: [["true", "not-an-email,a@x.org"]],
    mailed: ["a@x.org"],
  },
  {
    name: "27 more than a page",
    rules: [["true", "a@x.org"], ["true", "b@x.org"], ["false", "c@x.org"], ["true", "d@x.org"], [
      "true",
      "e@x.org",
    ]],
    mailed: ["a@x.org", "b@x.org", "d@x.org", "e@x.org"],
  },
  {
    name: "29 a suggested reviewer is a recipient",
    rules: [["true", "rev@x.org,a@x.org"]],
    mailed: ["a@x.org", "rev@x.org"],
  },
  {
    name: "30 in its schedule, but no match",
    rules: [["false", "a@x.org", { schedules: { office: schedule(0) } }]],
    mailed: ROLE_ROUTING,
  },
  {
    name: "30 outside of its schedule",
    rules: [["true", "a@x.org", { schedules: { office: schedule(3) } }]],
    mailed: ROLE_ROUTING,
  },
  {
    name: "31 one of two schedules",
    rules: [["true", "a@x.org", { schedules: { away: schedule(3), office: schedule(0) } }]],
    mailed: ["a@x.org"],
  },
  {
    name: "32 no schedules",
    rules: [["true", "a@x.org", { schedules: {} }]],
    mailed: ["a@x.org"],
  },
  {
    name: "33 a schedule without time",
    rules: [["true", "a@x.org", { schedules: { office: null } }]],
    mailed: ROLE_ROUTING,
  },
  {
    name: "34 an unknown zone",
    rules: [["true", "a@x.org", {
      schedules: { office: { ...schedule(0), timezone: "Mars/X" } },
    }]],
    mailed: ROLE_ROUTING,
  },
];

/** In MiB, at any time: what the README says of overload. */
const MAX_MIB = 200;

const ROLES = { dev: ["dev@x.org"], "*": ["all@x.org"] };

/** Calls the control API; what is no text is sent as JSON. */
function call({ control }: GoStage, path: string, parameters: Parameters = {}): Promise<unknown> {
  const texts = Object.entries(parameters).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return control(`${path}?${new URLSearchParams(texts)}`);
}

async function create(stage: GoStage, parameters: Parameters = {}): Promise<string> {
  const asked = { user: "alice", roles: "dev", reviewers: "rev@x.org", ...parameters };
  const [id] = await call(stage, "/create", asked) as readonly string[];
  return id ?? assert.fail("no request");
}

/** Whom mails about a request went to, each as often as it was mailed. */
async function recipients({ mails }: GoStage, id: string): Promise<readonly string[]> {
  const about = (await mails()).filter(({ subject }) => subject?.includes(id));
  return about.flatMap(({ to = [] }) => to.map(({ address }) => address ?? "")).sort();
}

/** Waits until mails about a request went to exactly these. */
async function untilMailed(stage: GoStage, id: string, to: readonly string[], what: string) {
  let found: readonly string[] = [];
  try {
    await until(what, async () => {
      found = await recipients(stage, id);
      return found.length >= to.length;
    }, 60_000);
  } finally {
    assert.deepEqual(found, [...to].sort(), what);
  }
}

/** What `route` says. */
async function explained({ dir }: GoStage, id: string): Promise<readonly string[]> {
  const options = {
    config: join(dir, "teleport-email.toml"),
    roles: [],
    reviewers: [],
    request: id,
    json: true,
  };
  const { code, stdout, stderr } = await runCommand((io) => route(options, io));
  assert.equal(code, 0, stderr);
  const report: { recipients: readonly { address: string }[] } = JSON.parse(stdout);
  return report.recipients.map(({ address }) => address).sort();
}

Deno.test({
  name:
    "Requests to the Go cluster are routed as the table says, and `route` says the same of each",
  ignore: !hasGoCluster(),
  fn: async (t) => {
    await onGoStage("1h", async (stage) => {
      const plugin = await stage.start({ addr: stage.address("auth") }, {}, ROLES);
      const made: { readonly id: string; readonly row: Row }[] = [];
      for (const row of ROWS) {
        const { rules = [], calls = [], request, mailed } = row;
        await t.step(row.name, async () => {
          for (const name of await call(stage, "/rules") as readonly string[] ?? []) {
            await call(stage, "/rule/delete", { name });
          }
          for (const [i, [condition, to, more]] of rules.entries()) {
            await call(stage, "/rule", { name: `r${i + 1}`, condition, recipients: to, ...more });
          }
          for (const [path, parameters] of calls) await call(stage, path, parameters);
          const id = await create(stage, request);
          made.push({ id, row });
          assert.deepEqual(await explained(stage, id), [...mailed].sort());
          await untilMailed(stage, id, mailed, row.name);
        });
      }
      // Nothing came later.
      for (const { id, row: { name, mailed } } of made) {
        assert.deepEqual(await recipients(stage, id), [...mailed].sort(), name);
      }
      const warnings = plugin.lines.filter((line) => line.includes("WARN")).join("\n");
      for (
        const words of [
          /access monitoring rule.*unknown identifier: .*nosuch/, // 16
          /access monitoring rule.*empty expression/, // 18
          /Missing permissions to read user.traits/, // 19
          /is not an email address.*not-an-email/, // 22
          /unknown time zone Mars\/X/, // 34
        ]
      ) {
        assert.match(warnings, words);
      }
      assert.equal(await plugin.stop(), 0);
    });
  },
});

Deno.test({
  name: "Rules of the Go cluster that change during a disconnection count for the next request",
  ignore: !hasGoCluster(),
  fn: async () => {
    await onGoStage("1h", async (stage) => {
      const plugin = await stage.start({ addr: stage.address("auth") }, {}, ROLES);
      const rule = { name: "r1", condition: "true", recipients: "a@x.org" };
      const next = async (mailed: readonly string[], what: string) => {
        const id = await create(stage);
        await untilMailed(stage, id, mailed, what);
        return id;
      };
      await call(stage, "/rule", { ...rule, silent: "1" });
      await next(ROLE_ROUTING, "no event has told of the rule yet");
      await stage.control("/drop");
      const first = await next(["a@x.org"], "28 the rule was listed");
      await call(stage, "/rule", { ...rule, recipients: "b@x.org", silent: "1" });
      await stage.control("/drop");
      await next(["b@x.org"], "28 its change was listed");

      // 23 What follows on a request goes where its first mail went.
      await call(stage, "/review", { id: first, author: "rev", state: "APPROVED", reason: "fine" });
      await untilMailed(stage, first, ["a@x.org", "a@x.org"], "23 the review");

      await call(stage, "/rule/delete", { name: "r1", silent: "1" });
      await stage.control("/drop");
      await next(ROLE_ROUTING, "the last rule is gone");

      // In the same moment as a rule: by the one or by the other, not by both.
      for (let i = 0; i < 5; i++) {
        const [id] = await Promise.all([
          create(stage),
          i % 2 === 0 ? call(stage, "/rule", rule) : call(stage, "/rule/delete", { name: "r1" }),
        ]);
        await until("it is mailed", async () => {
          const found = (await recipients(stage, id)).join();
          return found === "a@x.org" || found === ROLE_ROUTING.join();
        }, 60_000);
      }
      assert.equal(await plugin.stop(), 0);
    });
  },
});

for (const flag of ["--deny-rules", "--old"]) {
  Deno.test({
    name: `The Go cluster with ${flag} is routed by roles, and one warning says so`,
    ignore: !hasGoCluster(),
    fn: async () => {
      await onGoStage("1h", async (stage) => {
        const plugin = await stage.start({ addr: stage.address("auth") }, {}, ROLES);
        await call(stage, "/rule", { name: "r1", condition: "true", recipients: "a@x.org" });
        for (let i = 0; i < 3; i++) {
          const id = await create(stage);
          await untilMailed(stage, id, ROLE_ROUTING, "role routing");
          assert.deepEqual(await explained(stage, id), ROLE_ROUTING);
          await stage.control("/drop");
        }
        const warnings = plugin.lines.filter((line) => /WARN.*rules/i.test(line));
        assert.equal(warnings.length, 1, warnings.join("\n"));
        assert.match(warnings[0] ?? "", /access-plugin/);
        assert.equal(await plugin.stop(), 0);
      }, [flag]);
    },
  });
}

Deno.test({
  name: "Five thousand rules of the Go cluster are listed once, for a thousand requests at once",
  ignore: !hasGoCluster(),
  fn: async () => {
    await onGoStage("1h", async (stage) => {
      for (let i = 0; i < 5000; i++) {
        const condition = `access_request.spec.roles.contains("role-${i}")`;
        const recipients = `team-${i}@x.org`;
        await call(stage, "/rule", { name: `rule-${i}`, condition, recipients });
      }
      const plugin = await stage.start({ addr: stage.address("auth") }, {}, ROLES);
      await call(stage, "/create", { user: "alice", roles: "role-4999", n: "1000" });
      await until("all are mailed", async () => {
        const { length } = await stage.mails();
        return length >= 1000;
      }, 240_000);
      const to = (await stage.mails()).flatMap(({ to }) => to ?? []).map(({ address }) => address);
      assert.deepEqual([to.length, [...new Set(to)]], [1000, ["team-4999@x.org"]]);
      const stats = await call(stage, "/stats") as Readonly<Record<string, string>>;
      const [, lists] = Object.entries(stats).find(([method]) =>
        method.includes("ListAccessMonitoringRulesWithFilter")
      ) ?? [];
      assert.equal(lists, "5", "one listing, of five pages");
      const status = await Deno.readTextFile(`/proc/${plugin.pid}/status`);
      const peakMiB = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) / 1024;
      assert.ok(peakMiB < MAX_MIB, `${peakMiB} MiB`);
      assert.equal(await plugin.stop(), 0);
    }, ["--page", "1000"]);
  },
});
