import assert from "node:assert/strict";
import { readRoleMap } from "./recipients.ts";
import { Report } from "../report.ts";
import { accept, refuse } from "../testing/parse.ts";

// The first cases are those of the original's TestRecipients (original.md §9.1).
const MAILGUN = `
[mailgun]
domain = "x"
private_key = "y"
[delivery]
sender = "email@example.com"
`;

Deno.test("parseConfig() makes delivery.recipients the wildcard's recipients", async () => {
  const { config, warnings } = await accept(
    `${MAILGUN}recipients = ["email1@example.com", "email2@example.com"]`,
  );
  assert.deepEqual([...config.roleToRecipients], [
    ["*", ["email1@example.com", "email2@example.com"]],
  ]);
  assert.deepEqual(warnings, [
    "The delivery.recipients config option is deprecated, " +
    'set role_to_recipients["*"] instead for the same functionality',
  ]);
});

Deno.test("parseConfig() accepts a string and a list of recipients", async () => {
  const { config } = await accept(`${MAILGUN}
    [role_to_recipients]
    "dev" = ["dev1@example.com", "dev2@example.com"]
    "*" = "admin@example.com"`);
  assert.deepEqual([...config.roleToRecipients], [
    ["dev", ["dev1@example.com", "dev2@example.com"]],
    ["*", ["admin@example.com"]],
  ]);
});

Deno.test("parseConfig() refuses recipients without a wildcard", async () => {
  const errors = await refuse(`${MAILGUN}
    [role_to_recipients]
    "dev" = ["dev1@example.com", "dev2@example.com"]`);
  assert.deepEqual(errors, ["missing required value role_to_recipients[*]"]);
});

Deno.test("parseConfig() refuses a wildcard with an empty list", async () => {
  const errors = await refuse(`${MAILGUN}
    [role_to_recipients]
    "dev" = "dev@example.com"
    "*" = []`);
  assert.deepEqual(errors, ["missing required value role_to_recipients[*]"]);
});

Deno.test("parseConfig() refuses a file without recipients", async () => {
  const wanted = ["missing required value role_to_recipients"];
  assert.deepEqual(await refuse(MAILGUN), wanted);
  assert.deepEqual(await refuse(`${MAILGUN}recipients = []`), wanted);
  assert.deepEqual(await refuse(`${MAILGUN}[role_to_recipients]\n"*" = []`), wanted);
});

Deno.test("parseConfig() refuses a file with another plugin's section only", async () => {
  const errors = await refuse(`
    [slack]
    token = "token"
    recipients = ["dev@example.com", "admin@example.com"]
    [role_to_recipients]
    "dev" = ["dev@example.com"]
    "*" = "admin@example.com"`);
  assert.deepEqual(errors, ["provide either [mailgun] or [smtp] sections to work with plugin"]);
});

Deno.test("parseConfig() refuses both ways to name recipients at the same time", async () => {
  const errors = await refuse(`${MAILGUN}recipients = ["a@example.com"]
    [role_to_recipients]
    "*" = "admin@example.com"`);
  assert.deepEqual(errors, [
    "provide either delivery.recipients or role_to_recipients, not both",
  ]);
});

// The original's TestRawRecipientsMap (original.md §9.2).
Deno.test("readRoleMap() reads strings, lists, both, several lists and nothing", () => {
  const cases: [Record<string, unknown>, [string, string[]][]][] = [
    [{ dev: "a", "*": "b" }, [["dev", ["a"]], ["*", ["b"]]]],
    [{ dev: ["a", "b"] }, [["dev", ["a", "b"]]]],
    [{ dev: "a", "*": ["b", "c"] }, [["dev", ["a"]], ["*", ["b", "c"]]]],
    [{ dev: ["a"], "*": ["b", "c"], ops: ["d"] }, [["dev", ["a"]], ["*", ["b", "c"]], [
      "ops",
      ["d"],
    ]]],
    [{}, []],
  ];
  for (const [table, wanted] of cases) {
    const report = new Report();
    assert.deepEqual([...readRoleMap(table, report)], wanted);
    assert.deepEqual(report.errors, []);
  }
});

Deno.test("readRoleMap() names the Go type of what is not a recipient", async () => {
  const cases: [string, string][] = [
    [
      "role_to_recipients = 5",
      "role_to_recipients: unmarshal toml: unexpected type for recipients int64",
    ],
    [
      'role_to_recipients = "a@b"',
      "role_to_recipients: unmarshal toml: unexpected type for recipients string",
    ],
  ];
  for (const [text, error] of cases) {
    assert.deepEqual((await refuse(`${text}\n[smtp]\nhost = "h"`))[0], error);
  }
  const values: [string, string][] = [
    ["5", "int64"],
    ["1.5", "float64"],
    ["true", "bool"],
    ['["a@b", 5]', "[]interface {}"],
    ["2020-01-01T00:00:00Z", "time.Time"],
    ["{ a = 1 }", "map[string]interface {}"],
  ];
  for (const [value, type] of values) {
    const errors = await refuse(`${MAILGUN}[role_to_recipients]\ndev = ${value}`);
    assert.equal(errors.length, 1);
    const wanted =
      `role_to_recipients.dev: unmarshal toml: unexpected type for recipients value ${type}`;
    assert.ok(errors[0]?.startsWith(wanted), errors[0]);
  }
});

Deno.test("parseConfig() warns about a role with an empty list", async () => {
  const { config, warnings } = await accept(`${MAILGUN}[role_to_recipients]
    dev = []
    "*" = "a@example.com"`);
  assert.deepEqual([...config.roleToRecipients.keys()], ["*"]);
  assert.deepEqual(warnings, [
    'role_to_recipients.dev is empty: its requests go to role_to_recipients["*"]',
  ]);
});

Deno.test("parseConfig() reports every recipient that is not an address, on one line each", async () => {
  const errors = await refuse(`${MAILGUN}[role_to_recipients]
    dev = ["alice", "a\\nb@c", "ok@example.com"]
    "*" = "Name <a@b.c>"`);
  assert.deepEqual(errors, [
    "invalid email address alice in role_to_recipients.dev",
    "invalid email address a\\u000ab@c in role_to_recipients.dev",
    "invalid email address Name <a@b.c> in role_to_recipients.*",
  ]);
});

Deno.test("readRecipients() shows how to quote a role with a dot, and how to write a list", async () => {
  const errors = await refuse(`${MAILGUN}
    [role_to_recipients]
    kube.admin = "a@example.com"
    dba = "a@example.com, b@example.com"
    "*" = "a@example.com; bob"`);
  assert.deepEqual(errors, [
    "role_to_recipients.kube: unmarshal toml: unexpected type for recipients value " +
    'map[string]interface {} (a table): put a role name with a dot in quotes, "kube.admin" = ...',
    "invalid email address a@example.com, b@example.com in role_to_recipients.dba: write a list, " +
    '["a@example.com", "b@example.com"]',
    "invalid email address a@example.com; bob in role_to_recipients.*",
  ]);
});
