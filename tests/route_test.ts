/** `route`: flags, files, what is expected, and the cluster. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { RouteOptions } from "../src/cli/route/options.ts";
import { route } from "../src/cli/route.ts";
import { runCommand } from "./support.ts";

const CONFIG = `
[smtp]
host = "mail.invalid"
[delivery]
sender = "teleport@example.com"
[role_to_recipients]
dbaa = ["dba@example.com"]
"^prod-(ro|rw)$" = ["prod@example.com"]
"*" = ["all@example.com"]
[[route]]
name = "managers"
match = 'access_request.spec.roles.contains("managed")'
recipients = ["trait:manager", "requester"]
[[route]]
name = "sandbox"
match = 'access_request.spec.roles.contains("sandbox")'
silence = true
`;

const RULES = `
kind: access_monitoring_rule
version: v1
metadata:
  name: payments
spec:
  subjects: [access_request]
  condition: |
    contains_any(user.traits["team"], set("Payments")) &&
    access_request.spec.resource_labels_intersection["env"].contains("prod")
  notification:
    name: email
    recipients: [pay@example.com, "#channel"]
---
kind: access_monitoring_rule
version: v1
metadata: {name: broken}
spec:
  subjects: [access_request]
  condition: access_request.spec.rolez.contains("a")
  notification: {name: email, recipients: [a@example.com]}
---
kind: access_monitoring_rule
version: v1
metadata: {name: chat}
spec:
  subjects: [access_request]
  condition: "true"
  notification: {name: slack, recipients: [x]}
`;

const REQUEST = `
kind: access_request
version: v3
metadata: {name: 0194-1, expires: 2025-08-12T12:00:00Z}
spec:
  user: alice@example.com
  roles: [access]
  state: 1
  created: 2025-08-11T12:00:00Z
  request_reason: because
  suggested_reviewers: [bob@example.com]
  resource_ids:
    - {cluster: c, kind: node, name: n1}
    - /c/db/d1
---
kind: user
metadata: {name: alice@example.com}
spec: {traits: {team: [Mobile]}}
---
kind: user_login_state
metadata: {name: alice@example.com}
spec:
  traits:
    - {key: team, values: [Payments]}
---
kind: node
metadata: {name: n1, labels: {env: prod, a: 1}}
spec: {hostname: web-1, cmd_labels: {os: {result: linux}}}
---
kind: db_server
metadata: {name: x}
spec: {database: {metadata: {name: d1, labels: {env: prod}}}}
---
kind: role
metadata: {name: irrelevant}
`;

interface Stage {
  run(options: Partial<RouteOptions>): ReturnType<typeof runCommand>;
  write(name: string, text: string): Promise<string>;
}

async function onStage(test: (stage: Stage) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(join(dir, name), text);
    return join(dir, name);
  };
  try {
    const config = await write("teleport-email.toml", CONFIG);
    await test({
      run: (options) =>
        runCommand((io) => route({ config, roles: [], reviewers: [], ...options }, io)),
      write,
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("route explains a request of a file with rules, traits and labels of files", async () => {
  await onStage(async ({ run, write }) => {
    const request = await write("request.yaml", REQUEST);
    const rules = await write("rules.yaml", RULES);
    const { code, stdout, stderr } = await run({ request, rules, json: true });
    assert.equal(code, 0);
    const report = JSON.parse(stdout);
    assert.deepEqual(report.recipients, [
      { address: "pay@example.com", because: "rule 'payments'" },
    ]);
    assert.deepEqual(
      report.rules.map((rule: Record<string, unknown>) => [rule.name, rule.matched, rule.error]),
      [
        ["broken", false, '1:1: unknown identifier: "access_request.spec.rolez"'],
        ["payments", true, undefined],
        ["chat", false, undefined],
      ],
    );
    assert.deepEqual(report.routes, []);
    assert.equal(report["decided_by"], "rules");
    assert.equal(report.request, "0194-1");
    assert.match(stderr, /Recipient of an access monitoring rule is not an email address/);
    const plain = await run({ request, rules });
    assert.match(plain.stdout, /^rule 'chat' is ignored: it notifies the plugin 'slack'/m);
    assert.match(plain.stdout, /^rule 'broken' fails: 1:1: unknown identifier/m);
    assert.match(plain.stdout, /^rule 'payments' matches: contains_any\(/m);
    assert.match(plain.stdout, /^left out: '#channel' \(rule 'payments'; not an email address\)$/m);
    assert.match(plain.stdout, /^Recipients: pay@example\.com$/m);
  });
});

Deno.test("route names the operand that decided, and the nearest role", async () => {
  await onStage(async ({ run, write }) => {
    const rules = await write("rules.yaml", RULES);
    const { stdout } = await run({ roles: ["dba"], rules, traits: ["team=Mobile"] });
    assert.match(
      stdout,
      /^rule 'payments' does not match: contains_any\(user\.traits\["team"\], set\("Payments"\)\) is false$/m,
    );
    assert.match(
      stdout,
      /^role 'dba' -> all@example\.com \(no entry 'dba' in role_to_recipients, nearest 'dbaa', so that of '\*'\)$/m,
    );
    const pattern = await run({ roles: ["prod-ro"], rules, traits: ["team=x"] });
    assert.match(
      pattern.stdout,
      /^role 'prod-ro' -> prod@example\.com \(pattern '\^prod-\(ro\|rw\)\$' of role_to_recipients\)$/m,
    );
  });
});

Deno.test("route takes traits, labels and the time from flags", async () => {
  await onStage(async ({ run, write }) => {
    const rules = await write("rules.yaml", RULES);
    const flags = { rules, roles: ["access"], traits: ["team=Mobile", "team=Payments"] };
    const matching = await run({ ...flags, resources: ["node/n1"], labels: ["env=prod"] });
    assert.match(matching.stdout, /^Recipients: pay@example\.com$/m);
    const labels = await run({ ...flags, resources: ["node/n1"] });
    assert.match(labels.stdout, /^rule 'payments' fails: .*no --label, and no documents of the/m);
    const traits = await run({ rules, roles: ["access"], resources: ["node/n1"] });
    assert.match(traits.stdout, /^rule 'payments' fails: .*no --trait, and no user or user_login/m);
    const time = await write(
      "time.json",
      JSON.stringify([{
        kind: "access_monitoring_rule",
        metadata: { name: "time" },
        spec: {
          subjects: ["access_request"],
          condition:
            'access_request.spec.creation_time.after(time.RFC3339("2025-08-11T14:30:00Z"))',
          notification: { name: "email", recipients: ["t@example.com"] },
        },
      }]),
    );
    const at = async (time_: string) =>
      (await run({ rules: time, roles: ["a"], at: time_ })).stdout.includes(
        "Recipients: t@example.com",
      );
    assert.equal(await at("2025-08-11T14:30:00.000000001Z"), true);
    assert.equal(await at("2025-08-11T14:30:00Z"), false);
  });
});

Deno.test("route says why requesters are not asked to review their own requests", async () => {
  await onStage(async ({ run, write }) => {
    const reason = "requesters cannot review their own requests (delivery.include_requester)";
    const config = await write(
      "own.toml",
      CONFIG.replace("[delivery]", '[delivery]\nnotify_requester = true\nrequester_trait = "mail"')
        .replace('["all@', '["al@example.com", "all@'),
    );
    const flags = { config, roles: ["x"], user: "al", traits: ["mail=al@example.com"] };
    const { stdout } = await run({ ...flags, reviewers: ["al@example.com"] });
    assert.ok(
      stdout.includes(`suggested reviewer 'al@example.com' -> no recipients (${reason})\n`),
      stdout,
    );
    assert.match(stdout, /^Recipients: all@example\.com$/m);
    const map = await run(flags);
    assert.ok(
      map.stdout.includes(
        `left out: 'al@example.com' (role 'x', entry '*' of role_to_recipients; ${reason})\n`,
      ),
      map.stdout,
    );
    const other = await run({ ...flags, traits: ["mail=other@example.com"] });
    assert.match(other.stdout, /^Recipients: al@example\.com, all@example\.com$/m);
  });
});

Deno.test("route explains routes and silence", async () => {
  await onStage(async ({ run }) => {
    const managed = await run({
      roles: ["managed"],
      user: "alice@example.com",
      traits: ["manager=boss@example.com"],
      json: true,
    });
    assert.deepEqual(JSON.parse(managed.stdout).recipients, [
      {
        address: "boss@example.com",
        because: "route 'managers', trait 'manager' of the requester",
      },
      { address: "alice@example.com", because: "route 'managers', the requester" },
    ]);
    const quiet = await run({ roles: ["sandbox"] });
    assert.match(quiet.stdout, /^No recipients$/m);
    assert.match(quiet.stdout, /^route 'sandbox' matches: .* is true; it is silent$/m);
    assert.match(quiet.stderr, /access monitoring rules are not evaluated/);
  });
});

Deno.test("route evaluates rules of a file without a configuration at the default path", async () => {
  await onStage(async ({ run, write }) => {
    const without = { config: "/nonexistent.toml", isDefaultConfig: true };
    const request = await write("request.yaml", REQUEST);
    const rules = await write("rules.yaml", RULES);
    const { code, stdout, stderr } = await run({ ...without, request, rules, json: true });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout).recipients, [
      { address: "pay@example.com", because: "rule 'payments'" },
    ]);
    assert.match(stderr, /^teleport-email: note: there is no '\/nonexistent\.toml': role_to_recip/);
    const asked = await run({ ...without, roles: ["x"] });
    assert.deepEqual([asked.code, asked.stdout], [2, ""], "the map of roles is needed");
  });
});

Deno.test("route --expect exits with 1 and a difference unless exactly these are mailed", async () => {
  await onStage(async ({ run }) => {
    const roles = ["dbaa"];
    assert.equal((await run({ roles, expect: ["DBA@example.com"] })).code, 0);
    const { code, stderr } = await run({ roles, expect: ["x@example.com"] });
    assert.equal(code, 1);
    assert.match(stderr, /^- x@example\.com \(expected, and not a recipient\)$/m);
    assert.match(stderr, /^\+ dba@example\.com \(a recipient, and not expected: role 'dbaa'/m);
    assert.equal((await run({ roles: ["sandbox"], expect: [] })).code, 0);
  });
});

Deno.test("route reports files and flags that it cannot use, with code 2", async () => {
  await onStage(async ({ run, write }) => {
    const cases: readonly (readonly [options: Partial<RouteOptions>, message: RegExp])[] = [
      [
        { request: "/no/such.yaml" },
        /^teleport-email: error: open \/no\/such\.yaml: no such file/m,
      ],
      [{ request: await write("a.yaml", "a: [1") }, /a\.yaml:1:\d+: not YAML or JSON: /],
      [{ request: await write("b.yaml", "a: *x") }, /b\.yaml.*not YAML or JSON: /],
      [{ request: await write("c.yaml", "spec: {}") }, /c\.yaml: document 1: kind: /],
      [
        { request: await write("d.yaml", "kind: access_request\nspec: {roles: 5}") },
        /d\.yaml: document 1 \(access_request\): spec\.roles: /,
      ],
      [
        { request: await write("e.yaml", "kind: access_request\nspec: {created: today}") },
        /spec\.created: not a time such as 2025-08-11T14:30:00Z: today/,
      ],
      [{ request: await write("f.yaml", "kind: user") }, /no document of kind access_request/],
      [{ roles: ["a"], at: "noon" }, /--at must be a time such as/],
      [{ roles: ["a"], traits: ["x"] }, /--trait must be key=value, it is 'x'/],
      [{ resources: ["n1"] }, /--resource must be kind\/name, it is 'n1'/],
    ];
    for (const [options, message] of cases) {
      const { code, stdout, stderr } = await run(options);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
    }
  });
});
