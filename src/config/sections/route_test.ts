import assert from "node:assert/strict";
import { accept, refuse } from "../testing/parse.ts";

const BASE = `
[mailgun]
domain = "x"
private_key = "y"
[delivery]
sender = "email@example.com"
[role_to_recipients]
"*" = "all@example.com"
`;

Deno.test("parseConfig() reads routes in their order, with defaults", async () => {
  const { config, warnings } = await accept(`${BASE}
[routing]
precedence = "routes"
strict_schedules = true
[[route]]
name = "payments"
match = 'access_request.spec.roles.contains("pay")'
recipients = ["pay@example.com", "requester", "trait:manager", "access_list_owners"]
suggested_reviewers = true
continue = true
on = ["new", "resolution"]
[route.schedules.office]
timezone = "Europe/Berlin"
shifts = [{ weekday = "mon", start = "9:00", end = "24:00" }]
[route.schedules.night.time]
shifts = [{ weekday = "Sunday", start = "00:00", end = "06:00" }]
[[route]]
match = "false"
silence = true
[[route]]
recipients = "one@example.com"
`);
  assert.deepEqual(warnings, []);
  assert.deepEqual(config.routing, { precedence: "routes", strictSchedules: true });
  const [payments, silent, last] = config.routes;
  assert.deepEqual(payments, {
    name: "payments",
    match: 'access_request.spec.roles.contains("pay")',
    recipients: [
      "pay@example.com",
      "requester",
      "trait:manager",
      "access_list_owners",
      "suggested_reviewers",
    ],
    continues: true,
    silence: false,
    on: ["new", "resolution"],
    schedules: new Map([
      ["office", {
        timezone: "Europe/Berlin",
        shifts: [{ weekday: "mon", start: "9:00", end: "24:00" }],
      }],
      ["night", { timezone: "", shifts: [{ weekday: "Sunday", start: "00:00", end: "06:00" }] }],
    ]),
  });
  assert.deepEqual(
    [silent?.name, silent?.silence, silent?.recipients, silent?.on],
    ["2", true, [], ["new", "review", "resolution"]],
  );
  assert.deepEqual([last?.name, last?.match, last?.recipients], ["3", undefined, [
    "one@example.com",
  ]]);
  const { config: plain } = await accept(BASE);
  assert.deepEqual(plain.routes, []);
  assert.deepEqual(plain.routing, { precedence: "rules", strictSchedules: false });
});

Deno.test("parseConfig() reports everything that is wrong with routes at once", async () => {
  const errors = await refuse(`${BASE}
"^db-(ro$" = "db@example.com"
[routing]
precedence = "map"
strict_schedules = "yes"
[[route]]
match = 'access_request.spec.rolez.contains("a")'
recipients = ["bob", "a@example.com"]
on = ["new", "denied"]
[[route]]
match = "(true"
recipients = [1]
continue = "yes"
on = []
[[route]]
match = true
[[route]]
silence = true
recipients = "a@example.com"
[[route]]
recipients = "a@example.com"
schedules = "always"
[[route]]
recipients = "a@example.com"
[route.schedules.a]
timezone = "europe/berlin"
shifts = [
  { weekday = "Mo", start = "9.00", end = "25:00" },
  { weekday = "Monday", start = "22:00", end = "06:00" },
]
[route.schedules.b]
[route.schedules.c]
shifts = [{ weekday = "Monday", start = "9:00" }]
`);
  assert.deepEqual(errors, [
    "role_to_recipients.^db-(ro$ is not a pattern of role names: error parsing regexp: " +
    "missing closing ): `^db-(ro$`",
    'Invalid routing.precedence: must be one of rules, routes, current value is "map"',
    "Invalid routing.strict_schedules: must be true or false, current value is a string",
    "Invalid route 1.match: is not a condition: 1:1: unknown identifier: " +
    '"access_request.spec.rolez"',
    "Invalid route 1.recipients: must hold email addresses, requester, suggested_reviewers, " +
    'trait:<name> or access_list_owners, current value has "bob"',
    'Invalid route 1.on: must be a list of new, review, resolution, current value has "denied"',
    "Invalid route 2.match: is not a condition: 1:6: expected ')', found newline",
    "Invalid route 2.recipients: must be a string or a list of strings, current value has an integer",
    "Invalid route 2.continue: must be true or false, current value is a string",
    "Invalid route 2.on: must be a list of new, review, resolution, current value has a list",
    "Invalid route 3.match: must be a condition in quotes, current value is a boolean",
    "Invalid route 3: names no recipients; set recipients, suggested_reviewers = true, or " +
    "silence = true for no email",
    "Invalid route 4.silence: excludes recipients, suggested_reviewers and continue",
    "Invalid route 5.schedules: must be a table, current value is a string",
    "Invalid route 6.schedules.a: unknown time zone europe/berlin: write a name such as Europe/Berlin",
    'Invalid route 6.schedules.a: weekday "Mo" is not a day such as Monday',
    'Invalid route 6.schedules.a: start "9.00" is not a time such as 09:00',
    'Invalid route 6.schedules.a: end "25:00" is not a time such as 17:00 or 24:00',
    "Invalid route 6.schedules.a: start 22:00 is not before end 06:00: a night needs two shifts",
    "Invalid route 6.schedules.b: needs at least one shift",
    "Invalid route 6.schedules.c.shifts: must be a list of tables " +
    '{ weekday = "Monday", start = "09:00", end = "17:00" }',
  ]);
});

Deno.test("parseConfig() warns of a route that is never reached for any of its emails", async () => {
  const { warnings } = await accept(`${BASE}
[[route]]
name = "page"
recipients = "page@example.com"
on = ["new"]
[[route]]
name = "quiet"
silence = true
on = ["review"]
[[route]]
name = "both"
recipients = "a@example.com"
on = ["new", "review"]
[[route]]
name = "all"
recipients = "a@example.com"
`);
  assert.deepEqual(warnings, [
    "Route 'both' is never reached: 'page' and 'quiet' match every request",
  ]);
});

Deno.test("parseConfig() refuses a route that is not in a list", async () => {
  const errors = await refuse(`${BASE}\n[route]\nrecipients = "a@example.com"`);
  assert.deepEqual(errors, [
    "Invalid route: must be a list of tables, current value is one table: write [[route]]",
  ]);
});

Deno.test("parseConfig() warns of routes that are never reached, and of names and keys", async () => {
  const { warnings } = await accept(`${BASE}
[[route]]
name = "a"
recipients = "a@example.com"
[[route]]
name = "a"
recipient = "a@example.com"
recipients = "a@example.com"
match = "false"
[[route]]
name = "later"
recipients = "a@example.com"
on = ["review"]
[[route]]
name = "owners"
recipients = "access_list_owners"
on = ["new"]
`);
  assert.deepEqual(warnings, [
    "2 routes are named 'a': logs do not distinguish them",
    "Route 'a' is never reached: 'a' matches every request",
    "Route 'later' is never reached: 'a' matches every request",
    "Route 'owners' is never reached: 'a' matches every request",
    "Route 'owners' names access_list_owners, who get emails of kind resolution alone: add it to on",
    "Unknown key 'route 2.recipient': did you mean 'route 2.recipients'?",
  ]);
});
