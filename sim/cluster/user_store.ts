/** The users of a cluster and their login states. */

import { ClusterError } from "../auth/cluster_error.ts";

/** Values by name. */
export type Traits = Readonly<Record<string, readonly string[]>>;

/**
 * - `login`: a login state with all traits, and a user with the static traits
 * - `user`: a user who has never logged in
 * - `none`: neither
 * - `denied`: neither may be read
 */
export type UserState = "login" | "user" | "none" | "denied";

/** All values of `UserState`. */
export const USER_STATES: readonly UserState[] = ["login", "user", "none", "denied"];

/** A user to add. */
export interface User {
  readonly state: UserState;
  readonly roles?: readonly string[];
  /** Traits of the login state, if there is one. */
  readonly traits?: Traits;
  /** Traits of the user; default those of the login state. */
  readonly staticTraits?: Traits;
}

/** The store of users and login states. */
export class UserStore {
  readonly #users = new Map<string, User>();

  /** Adds or replaces a user. */
  set(name: string, user: User): void {
    this.#users.set(name, user);
  }

  /** The user or login state with this name, if it exists and may be read. */
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
