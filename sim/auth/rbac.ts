/** Roles as sets of (kind, verbs), and what each call needs (wire.md §5.5). */

import { ClusterError } from "./cluster_error.ts";
import { DEFAULT_ROLE } from "../pki/identity.ts";

/** Who calls: the CN and the Os of the client certificate. */
export interface Caller {
  readonly user: string;
  readonly roles: readonly string[];
}

/** `review` is not a verb of Teleport's: it stands for a role's `review_requests`. */
export type Verb = "list" | "read" | "create" | "update" | "delete" | "review";

export interface Rule {
  readonly kind: string;
  readonly verbs: readonly Verb[];
}

export type Role = readonly Rule[];

export const ACCESS_REQUEST = "access_request";
export const ACCESS_PLUGIN_DATA = "access_plugin_data";

/** The least that the plugin can work with. */
export const MINIMAL_ROLE: Role = [
  { kind: ACCESS_REQUEST, verbs: ["list", "read"] },
  { kind: ACCESS_PLUGIN_DATA, verbs: ["update"] },
];

/** Somebody who may do everything here, for tests that play a user. */
export const ADMIN_ROLE: Role = [
  { kind: ACCESS_REQUEST, verbs: ["list", "read", "create", "update", "delete", "review"] },
  { kind: ACCESS_PLUGIN_DATA, verbs: ["list", "read", "update"] },
];

/** The roles of a cluster, by name; a role that is not there grants nothing. */
export class Roles {
  readonly #roles = new Map<string, Role>([[DEFAULT_ROLE, MINIMAL_ROLE], ["admin", ADMIN_ROLE]]);

  /** Adds a role, or replaces it: callers have the new rules from their next call on. */
  set(name: string, role: Role): void {
    this.#roles.set(name, role);
  }

  /** Whether one of the caller's roles has the verb on the kind. */
  allows(caller: Caller, kind: string, verb: Verb): boolean {
    return caller.roles.some((name) =>
      this.#roles.get(name)?.some((rule) => rule.kind === kind && rule.verbs.includes(verb))
    );
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
