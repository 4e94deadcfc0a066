import assert from "node:assert/strict";
import { recipientsOf } from "./recipients.ts";
import { aRequest } from "../requests/testing/fixtures.ts";

function recipients(
  roleToRecipients: Record<string, string[]>,
  roles: string[],
  suggestedReviewers: string[] = [],
  allowedDomains?: string[],
) {
  return recipientsOf(aRequest({ roles, suggestedReviewers }), {
    roleToRecipients: new Map(Object.entries(roleToRecipients)),
    isAddress: (text) => text.includes("@"),
    ...(allowedDomains === undefined ? {} : { allowedDomains }),
  });
}

Deno.test("recipientsOf() uses a role's own list instead of the wildcard's", () => {
  const { recipients: addresses } = recipients({ dev: ["d@x.org"], "*": ["all@x.org"] }, ["dev"]);
  assert.deepEqual(addresses, ["d@x.org"]);
});

Deno.test("recipientsOf() falls back to the wildcard for a role without a list, or an empty one", () => {
  const map = { dev: ["d@x.org"], empty: [], "*": ["all@x.org"] };
  assert.deepEqual(recipients(map, ["dev", "dba"]).recipients, ["d@x.org", "all@x.org"]);
  assert.deepEqual(recipients(map, ["empty"]).recipients, ["all@x.org"]);
});

Deno.test("recipientsOf() matches role names literally", () => {
  const { recipients: addresses } = recipients({ "d*": ["d@x.org"], "*": ["all@x.org"] }, ["dev"]);
  assert.deepEqual(addresses, ["all@x.org"]);
});

Deno.test("recipientsOf() adds suggested reviewers, in order and each once whatever the case", () => {
  const { recipients: addresses } = recipients(
    { "*": ["All@x.org", "ops@x.org"] },
    ["a", "b"],
    ["bob@x.org", "all@X.org", "BOB@x.org"],
  );
  assert.deepEqual(addresses, ["All@x.org", "ops@x.org", "bob@x.org"]);
});

Deno.test("recipientsOf() uses suggested reviewers alone when no role is requested", () => {
  assert.deepEqual(recipients({ "*": ["all@x.org"] }, [], ["bob@x.org"]).recipients, ["bob@x.org"]);
});

Deno.test("recipientsOf() reports reviewers that are not addresses, each once", () => {
  const { recipients: addresses, notices } = recipients({ "*": ["all@x.org"] }, ["a"], [
    "carol",
    "carol",
    "x@y",
  ]);
  assert.deepEqual(addresses, ["all@x.org", "x@y"]);
  assert.deepEqual(notices, [{
    message: "Failed to notify a suggested reviewer with an invalid email address",
    fields: { reviewer: "carol" },
  }]);
  const long = recipients({ "*": ["all@x.org"] }, ["a"], [`${"x".repeat(1000)}@y`]);
  assert.deepEqual(long.recipients, ["all@x.org"]);
  assert.deepEqual(long.notices[0]?.fields, {
    reviewer: `${"x".repeat(254)}… (748 more characters)`,
  });
});

Deno.test("recipientsOf() uses the first hundred suggested reviewers and counts the others", () => {
  const suggested = Array.from({ length: 130 }, (_, n) => `r${n}@x.org`);
  const { recipients: addresses, notices } = recipients({ "*": ["all@x.org"] }, ["a"], [
    ...suggested,
    "R129@x.org",
    "no-address",
  ]);
  assert.deepEqual(addresses, ["all@x.org", ...suggested.slice(0, 100)]);
  assert.deepEqual(notices, [{
    message: "More than 100 suggested reviewers, the first 100 are mailed",
    fields: { left_out: 31 },
  }]);
  const hundred = recipients({ "*": ["all@x.org"] }, ["a"], suggested.slice(0, 100));
  assert.equal(hundred.recipients.length, 101);
  assert.deepEqual(hundred.notices, []);
});

Deno.test("recipientsOf() notifies addresses outside the allowed domains only if the operator wrote them", () => {
  const map = { dev: ["d@out.org"], other: ["Ops@out.org"], "*": ["all@x.org"] };
  const suggested = ["bob@x.org", "eve@evil.org", "ops@out.org", "c@sub.y.org", "mallory@y.org"];
  const { recipients: addresses, notices } = recipients(map, ["dev"], suggested, [
    "x.org",
    ".y.org",
  ]);
  assert.deepEqual(addresses, ["d@out.org", "bob@x.org", "ops@out.org", "c@sub.y.org"]);
  assert.deepEqual(notices, [{
    message: "Suggested reviewers outside of delivery.allowed_domains are not mailed",
    fields: { left_out: 2, reviewers: ["eve@evil.org", "mallory@y.org"] },
  }]);
  assert.deepEqual(recipients(map, ["dev"], suggested, []).recipients, [
    "d@out.org",
    "ops@out.org",
  ]);
});
