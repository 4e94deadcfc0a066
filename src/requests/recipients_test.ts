import assert from "node:assert/strict";
import { recipientsOf } from "./recipients.ts";
import { aRequest } from "./testing/fixtures.ts";

function recipients(
  roleToRecipients: Record<string, string[]>,
  roles: string[],
  suggestedReviewers: string[] = [],
) {
  return recipientsOf(aRequest({ roles, suggestedReviewers }), {
    roleToRecipients: new Map(Object.entries(roleToRecipients)),
    isAddress: (text) => text.includes("@"),
  });
}

Deno.test("recipientsOf() takes a role's own list and not the wildcard's", () => {
  const { addresses } = recipients({ dev: ["d@x.org"], "*": ["all@x.org"] }, ["dev"]);
  assert.deepEqual(addresses, ["d@x.org"]);
});

Deno.test("recipientsOf() falls back to the wildcard for a role without a list, or an empty one", () => {
  const map = { dev: ["d@x.org"], empty: [], "*": ["all@x.org"] };
  assert.deepEqual(recipients(map, ["dev", "dba"]).addresses, ["d@x.org", "all@x.org"]);
  assert.deepEqual(recipients(map, ["empty"]).addresses, ["all@x.org"]);
});

Deno.test("recipientsOf() takes role names literally", () => {
  const { addresses } = recipients({ "d*": ["d@x.org"], "*": ["all@x.org"] }, ["dev"]);
  assert.deepEqual(addresses, ["all@x.org"]);
});

Deno.test("recipientsOf() adds suggested reviewers, in order and each once whatever the case", () => {
  const { addresses } = recipients(
    { "*": ["All@x.org", "ops@x.org"] },
    ["a", "b"],
    ["bob@x.org", "all@X.org", "BOB@x.org"],
  );
  assert.deepEqual(addresses, ["All@x.org", "ops@x.org", "bob@x.org"]);
});

Deno.test("recipientsOf() takes suggested reviewers only when no role is requested", () => {
  assert.deepEqual(recipients({ "*": ["all@x.org"] }, [], ["bob@x.org"]).addresses, ["bob@x.org"]);
});

Deno.test("recipientsOf() reports reviewers that are no addresses, each once", () => {
  const { addresses, invalid } = recipients({ "*": ["all@x.org"] }, ["a"], [
    "carol",
    "carol",
    "x@y",
  ]);
  assert.deepEqual(addresses, ["all@x.org", "x@y"]);
  assert.deepEqual(invalid, ["carol"]);
});
