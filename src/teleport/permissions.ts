/**
 * Evaluates permissions from the roles themselves: without the verb `list` the server does not refuse a
 * listing but silently omits requests.
 */

import type { RoleConditions, RoleV6 } from "./generated/types_pb.ts";

/** One rule of a role: verbs on kinds of resources; `*` matches any. */
export interface PermissionRule {
  readonly kinds: readonly string[];
  readonly verbs: readonly string[];
  /** The condition under which the rule applies, "" for always. */
  readonly where: string;
}

/** A role's rules for Teleport's own resources. */
export interface Role {
  readonly name: string;
  readonly allow: readonly PermissionRule[];
  readonly deny: readonly PermissionRule[];
}

/**
 * - `granted`: without a condition
 * - `denied`: no role grants it, or one denies it without a condition
 * - `conditional`: it depends on a `where`, which only the server evaluates
 */
export type Permission = "granted" | "denied" | "conditional";

/** Converts a role from its protobuf message. */
export function readRole({ Metadata: metadata, Spec: spec }: RoleV6): Role {
  return {
    name: metadata?.Name ?? "",
    allow: readRules(spec?.Allow),
    deny: readRules(spec?.Deny),
  };
}

function readRules(conditions: RoleConditions | undefined): PermissionRule[] {
  return (conditions?.Rules ?? []).map(({ Resources: kinds, Verbs: verbs, Where: where }) => ({
    kinds,
    verbs,
    where: where.trim(),
  }));
}

/** Whether a user with these roles may use `verb` on `kind`. A denial overrides every grant. */
export function permission(roles: readonly Role[], kind: string, verb: string): Permission {
  const denying = effect(roles.flatMap(({ deny }) => deny), kind, verb);
  if (denying === "granted") return "denied";
  const allowing = effect(roles.flatMap(({ allow }) => allow), kind, verb);
  return allowing === "granted" && denying === "conditional" ? "conditional" : allowing;
}

/** The verbs that are denied, and those that are granted only under a condition. */
export function missingVerbs(
  roles: readonly Role[],
  kind: string,
  verbs: readonly string[],
): { readonly denied: readonly string[]; readonly conditional: readonly string[] } {
  const having = (wanted: Permission) =>
    verbs.filter((verb) => permission(roles, kind, verb) === wanted);
  return { denied: having("denied"), conditional: having("conditional") };
}

/** The combined effect of rules: an unconditional rule overrides conditional ones. */
function effect(rules: readonly PermissionRule[], kind: string, verb: string): Permission {
  const matching = rules.filter(({ kinds, verbs }) => names(kinds, kind) && names(verbs, verb));
  if (matching.length === 0) return "denied";
  return matching.some(({ where }) => where === "") ? "granted" : "conditional";
}

function names(list: readonly string[], name: string): boolean {
  return list.includes("*") || list.includes(name);
}
