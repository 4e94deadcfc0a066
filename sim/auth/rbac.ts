/** Roles as sets of (kind, verbs), and permission checks (teleport-protocol.md §5.5). */

import { create } from "@bufbuild/protobuf";
import { type RoleV6, RoleV6Schema } from "../../src/teleport/generated/types_pb.ts";
import { ClusterError } from "./cluster_error.ts";
import { DEFAULT_ROLE } from "../pki/identity.ts";

/** The caller: CN and Os of the client certificate. */
export interface Caller {
  readonly user: string;
  readonly roles: readonly string[];
}

/** `review` is not a verb of Teleport's: it represents a role's `review_requests`. */
export type Verb = "list" | "read" | "create" | "update" | "delete" | "review";

/** A rule of a role. */
export interface Rule {
  readonly kind: string;
  readonly verbs: readonly Verb[];
  /** A rule under `deny`, which overrides every rule under `allow`. */
  readonly deny?: boolean;
  /** A condition on the resource. It is never met here, so the rule has no effect. */
  readonly where?: string;
  /** Granted by the role's `preview_as_roles`: it applies only to calls that use these. */
  readonly preview?: boolean;
}

/** A role as a list of rules. */
export type Role = readonly Rule[];

/** The kind of access requests. */
export const ACCESS_REQUEST = "access_request";
/** The kind of plugin data. */
export const ACCESS_PLUGIN_DATA = "access_plugin_data";
/** The kind of access monitoring rules. */
export const ACCESS_MONITORING_RULE = "access_monitoring_rule";

/** The minimum role for the plugin. */
export const MINIMAL_ROLE: Role = [
  { kind: ACCESS_REQUEST, verbs: ["list", "read"] },
  { kind: ACCESS_PLUGIN_DATA, verbs: ["update"] },
];

const READ: readonly Verb[] = ["list", "read"];

/** Teleport's preset `access-plugin`. */
export const PRESET_ROLE: Role = [
  { kind: ACCESS_REQUEST, verbs: READ },
  { kind: ACCESS_PLUGIN_DATA, verbs: ["list", "create", "read", "update", "delete"] },
  { kind: ACCESS_MONITORING_RULE, verbs: READ },
  { kind: "access_list", verbs: READ },
  { kind: "role", verbs: READ },
  { kind: "user", verbs: READ },
  { kind: "user_login_state", verbs: READ },
  { kind: "node", verbs: READ, preview: true },
  { kind: "app", verbs: READ, preview: true },
  { kind: "db", verbs: READ, preview: true },
  { kind: "kube_cluster", verbs: READ, preview: true },
];

/** A caller with all permissions, for tests that act as a user. */
export const ADMIN_ROLE: Role = [
  { kind: ACCESS_REQUEST, verbs: ["list", "read", "create", "update", "delete", "review"] },
  { kind: ACCESS_PLUGIN_DATA, verbs: ["list", "read", "update"] },
  { kind: ACCESS_MONITORING_RULE, verbs: ["list", "read", "create", "update", "delete"] },
  { kind: "access_list", verbs: READ },
  { kind: "user", verbs: READ },
  { kind: "user_login_state", verbs: READ },
  { kind: "node", verbs: READ },
  { kind: "app", verbs: READ },
  { kind: "db", verbs: READ },
  { kind: "kube_cluster", verbs: READ },
  { kind: "windows_desktop", verbs: READ },
  { kind: "user_group", verbs: READ },
];

/** The roles of a cluster, by name; a missing role grants nothing. */
export class Roles {
  readonly #roles = new Map<string, Role>([[DEFAULT_ROLE, PRESET_ROLE], ["admin", ADMIN_ROLE]]);

  readonly #denied = new Set<string>();

  /** Adds or replaces a role, with effect from the next call. */
  set(name: string, role: Role): void {
    this.#roles.set(name, role);
  }

  /** Denies every role to read a kind, or allows it again. */
  deny(kind: string, denied = true): void {
    if (denied) this.#denied.add(kind);
    else this.#denied.delete(kind);
  }

  /** Whether a role of the caller grants the verb on the kind; `preview` includes previewed roles. */
  allows(
    caller: Caller,
    kind: string,
    verb: Verb,
    { preview = false }: { readonly preview?: boolean } = {},
  ): boolean {
    if (this.#denied.has(kind) && READ.includes(verb)) return false;
    const rules = caller.roles.flatMap((name) => this.#roles.get(name) ?? [])
      .filter((rule) =>
        rule.where === undefined && rule.kind === kind && rule.verbs.includes(verb) &&
        (preview || !rule.preview)
      );
    return rules.length > 0 && !rules.some(({ deny }) => deny);
  }

  /** The caller's roles as `GetCurrentUserRoles` sends them. */
  messages(caller: Caller): RoleV6[] {
    const denials = [...this.#denied].map((kind) => ({ kind, verbs: READ, deny: true }));
    return caller.roles.flatMap((name) => {
      const role = this.#roles.get(name);
      return role === undefined ? [] : [roleMessage(name, [...role, ...denials])];
    });
  }

  /** Throws with Teleport's text unless the caller has the verb on one of the kinds. */
  require(caller: Caller, verb: Verb, kind: string, orKind?: string): void {
    if (this.allows(caller, kind, verb)) return;
    if (orKind !== undefined && this.allows(caller, orKind, verb)) return;
    // With two kinds Teleport asks for the older one quietly and reports the second.
    const named = orKind ?? kind;
    throw new ClusterError(
      "PERMISSION_DENIED",
      `access denied to perform action "${verb}" on "${named}"`,
    );
  }
}

function roleMessage(name: string, role: Role): RoleV6 {
  const conditions = (isDeny: boolean) => {
    const all = role.filter(({ deny = false }) => deny === isDeny);
    const rules = all.filter(({ preview = false }) => !preview);
    const reviews = rules.some(({ verbs }) => verbs.includes("review"));
    const previews = all.length > rules.length;
    return {
      Rules: rules.map(({ kind, verbs, where = "" }) => ({
        Resources: [kind],
        Verbs: verbs.filter((verb) => verb !== "review"),
        Where: where,
      })),
      ...(reviews || previews) && {
        ReviewRequests: {
          Roles: reviews ? ["*"] : [],
          PreviewAsRoles: previews ? ["list-access-request-resources"] : [],
        },
      },
    };
  };
  return create(RoleV6Schema, {
    Kind: "role",
    Version: "v6",
    Metadata: { Name: name, Namespace: "default" },
    Spec: { Allow: conditions(false), Deny: conditions(true) },
  });
}
