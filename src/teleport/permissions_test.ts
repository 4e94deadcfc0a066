import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { RoleV6Schema } from "./generated/types_pb.ts";
import {
  missingVerbs,
  type Permission,
  permission,
  type PermissionRule,
  readRole,
  type Role,
} from "./permissions.ts";

function rule(kinds: string[], verbs: string[], where = ""): PermissionRule {
  return { kinds, verbs, where };
}

function role(allow: PermissionRule[], deny: PermissionRule[] = []): Role {
  return { name: "a role", allow, deny };
}

const LIST_ALL = rule(["access_request"], ["list"]);
const LIST_SOME = rule(["access_request"], ["list"], 'resource.metadata.name == "x"');

Deno.test("permission() needs a rule that names the kind and the verb, or any of either", () => {
  const cases: readonly (readonly [string, readonly Role[], Permission])[] = [
    ["no role", [], "denied"],
    ["a role without rules", [role([])], "denied"],
    ["kind and verb", [role([LIST_ALL])], "granted"],
    ["any kind", [role([rule(["*"], ["list"])])], "granted"],
    ["any verb", [role([rule(["access_request"], ["*"])])], "granted"],
    ["anything", [role([rule(["*"], ["*"])])], "granted"],
    ["another kind", [role([rule(["access_plugin_data"], ["list"])])], "denied"],
    ["another verb", [role([rule(["access_request"], ["read", "update"])])], "denied"],
    ["no kind", [role([rule([], ["list"])])], "denied"],
    ["no verb", [role([rule(["access_request"], [])])], "denied"],
    ["one of several", [role([rule(["node", "access_request"], ["read", "list"])])], "granted"],
    ["the second role", [role([]), role([LIST_ALL])], "granted"],
    ["two halves of a rule", [
      role([rule(["access_request"], ["read"])]),
      role([rule(["node"], ["list"])]),
    ], "denied"],
  ];
  for (const [name, roles, expected] of cases) {
    assert.equal(permission(roles, "access_request", "list"), expected, name);
  }
});

Deno.test("permission() lets a denial of any role outweigh the grants of all", () => {
  const denials = [LIST_ALL, rule(["*"], ["list"]), rule(["access_request"], ["*"])];
  for (const denial of denials) {
    const roles = [role([LIST_ALL]), role([], [denial])];
    assert.equal(permission(roles, "access_request", "list"), "denied");
  }
  const unrelated = [role([LIST_ALL]), role([], [rule(["access_request"], ["delete"])])];
  assert.equal(permission(unrelated, "access_request", "list"), "granted");
});

Deno.test("permission() does not guess what a condition evaluates to", () => {
  const verdict = (...roles: Role[]) => permission(roles, "access_request", "list");
  assert.equal(verdict(role([LIST_SOME])), "conditional");
  assert.equal(verdict(role([LIST_SOME, LIST_ALL])), "granted");
  assert.equal(verdict(role([LIST_SOME]), role([LIST_ALL])), "granted");
  assert.equal(verdict(role([LIST_ALL], [LIST_SOME])), "conditional");
  assert.equal(verdict(role([], [LIST_SOME])), "denied");
  assert.equal(verdict(role([LIST_SOME], [LIST_ALL])), "denied");
});

Deno.test("permission() does not depend on the order of roles and rules, and denials only take away", () => {
  const rules = fc.array(
    fc.record({
      kinds: fc.subarray(["access_request", "node", "*"]),
      verbs: fc.subarray(["list", "read", "*"]),
      where: fc.constantFrom("", "", "some condition"),
    }),
    { maxLength: 4 },
  );
  const roles = fc.array(fc.record({ name: fc.string(), allow: rules, deny: rules }), {
    maxLength: 4,
  });
  const rank = { denied: 0, conditional: 1, granted: 2 };
  fc.assert(fc.property(roles, rules, (roles, denials) => {
    const before = permission(roles, "access_request", "list");
    const turned = roles.toReversed().map((role) => ({
      ...role,
      allow: role.allow.toReversed(),
      deny: role.deny.toReversed(),
    }));
    assert.equal(permission(turned, "access_request", "list"), before);
    const more = [...roles, role([], denials)];
    assert.ok(rank[permission(more, "access_request", "list")] <= rank[before]);
  }));
});

Deno.test("missingVerbs() distinguishes denied verbs from conditional ones", () => {
  const roles = [role([LIST_SOME, rule(["access_request"], ["read"])])];
  assert.deepEqual(missingVerbs(roles, "access_request", ["list", "read", "update"]), {
    denied: ["update"],
    conditional: ["list"],
  });
});

Deno.test("readRole() accepts a role with any part missing", () => {
  const whole = create(RoleV6Schema, {
    Metadata: { Name: "access-plugin" },
    Spec: {
      Allow: { Rules: [{ Resources: ["access_request"], Verbs: ["list"], Where: " x " }] },
      Deny: { Rules: [{ Resources: ["node"], Verbs: ["*"] }] },
    },
  });
  assert.deepEqual(readRole(whole), {
    name: "access-plugin",
    allow: [rule(["access_request"], ["list"], "x")],
    deny: [rule(["node"], ["*"])],
  });
  const empty = { name: "", allow: [], deny: [] };
  assert.deepEqual(readRole(create(RoleV6Schema)), empty);
  assert.deepEqual(readRole(create(RoleV6Schema, { Spec: {} })), empty);
});
