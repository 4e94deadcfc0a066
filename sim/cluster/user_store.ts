/** What a cluster knows of users. */

import { ClusterError } from "../auth/cluster_error.ts";

/** Any number of values by name. */
export type Traits = Readonly<Record<string, readonly string[]>>;

/**
 * - `login`: a login state, which holds all traits, and a user, who holds the static ones
 * - `user`: a user who has not logged in
 * - `none`: neither
 * - `denied`: neither may be read
 */
export type UserState = "login" | "user" | "none" | "denied";

export const USER_STATES: readonly UserState[] = ["login", "user", "none", "denied"];

export interface User {
  readonly state: UserState;
  readonly roles?: readonly string[];
  /** Of the login state, where there is one. */
  readonly traits?: Traits;
  /** Of the user; default those of the login state. */
  readonly staticTraits?: Traits;
}

export class UserStore {
  readonly #users = new Map<string, User>();

  /** Adds a user, or replaces one. */
  set(name: string, user: User): void {
    this.#users.set(name, user);
  }

  /** The user or the login state of that name, as far as it exists and may be read. */
  find(kind: "user" | "user_login_state", name: string): User {
    const user = this.#users.get(name);
    if (user?.state === "denied") {
      const message = `access denied to perform action "read" on "${kind}"`;
      throw new ClusterError("PERMISSION_DENIED", message);
    }
    const isThere = user !== undefined && user.state !== "none" &&
      (kind === "user" || user.state === "login");
    if (isThere) return user;
    const what = kind === "user" ? `user "${name}" not found` : `${kind} "${name}" doesn't exist`;
    throw new ClusterError("NOT_FOUND", what);
  }
}
