/** Calls for the traits of users. */

import { readLabels } from "../access_request/read.ts";
import { ClusterError, type ClusterErrorKind } from "../errors.ts";
import { AuthService } from "../generated/auth_pb.ts";
import { UserLoginStateService } from "../generated/user_login_state_pb.ts";
import { UsersService } from "../generated/users_pb.ts";
import type { Caller } from "./caller.ts";

/** A user's attributes from identity providers and access lists: several values for each name. */
export type Traits = ReadonlyMap<string, readonly string[]>;

/**
 * The traits of a user: those of the login state, which include traits from access lists, or else those
 * of the user resource. Undefined when the cluster has neither.
 *
 * @throws {ClusterError}
 */
export async function readTraits(
  caller: Caller,
  name: string,
  signal: AbortSignal,
): Promise<Traits | undefined> {
  // Servers before Teleport 14 have no login states.
  return await unless(["not-found", "unsupported"], () => ofLoginState(caller, name, signal)) ??
    await unless(["not-found"], () => ofUser(caller, name, signal));
}

async function ofLoginState(caller: Caller, name: string, signal: AbortSignal): Promise<Traits> {
  const method = UserLoginStateService.method.getUserLoginState;
  // Errors of calls are logged, and names of users are not.
  const action = "read the login state of a user";
  const { spec } = await caller.unary(method, { name }, { action, signal });
  const traits = new Map<string, readonly string[]>();
  for (const { key, values } of spec?.traits ?? []) {
    traits.set(key, [...traits.get(key) ?? [], ...values]);
  }
  return traits;
}

async function ofUser(caller: Caller, name: string, signal: AbortSignal): Promise<Traits> {
  const options = { action: "read a user", signal };
  const current = UsersService.method.getUser;
  const response = await unless(["unsupported"], () => caller.unary(current, { name }, options));
  // Teleport 15 added the users service, 17 removed the older call.
  const user = response === undefined
    ? await caller.unary(AuthService.method.getUser, { Name: name }, options)
    : response.user;
  return readLabels(user?.Spec?.Traits);
}

/** The result of a call, or undefined when it fails with an error of one of these kinds. */
async function unless<T>(
  kinds: readonly ClusterErrorKind[],
  call: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ClusterError && kinds.includes(error.kind)) return undefined;
    throw error;
  }
}
