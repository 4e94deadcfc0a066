/** What the cluster knows of a user. */

import { readLabels } from "../access_request/read.ts";
import { ClusterError, type ClusterErrorKind } from "../errors.ts";
import { AuthService } from "../generated/auth_pb.ts";
import { UserLoginStateService } from "../generated/user_login_state_pb.ts";
import { UsersService } from "../generated/users_pb.ts";
import type { Caller } from "./caller.ts";

/** Any number of values by name, as identity providers and access lists give them to a user. */
export type Traits = ReadonlyMap<string, readonly string[]>;

/**
 * The traits of a user: those of the login state, which holds those of access lists too, or else of the
 * user. Undefined when the cluster knows neither.
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
  const action = `read the login state of user '${name}'`;
  const { spec } = await caller.unary(method, { name }, { action, signal });
  const traits = new Map<string, readonly string[]>();
  for (const { key, values } of spec?.traits ?? []) {
    traits.set(key, [...traits.get(key) ?? [], ...values]);
  }
  return traits;
}

async function ofUser(caller: Caller, name: string, signal: AbortSignal): Promise<Traits> {
  const options = { action: `read user '${name}'`, signal };
  const current = UsersService.method.getUser;
  const response = await unless(["unsupported"], () => caller.unary(current, { name }, options));
  // Teleport 15 brought the users service, 17 removed the call before it.
  const user = response === undefined
    ? await caller.unary(AuthService.method.getUser, { Name: name }, options)
    : response.user;
  return readLabels(user?.Spec?.Traits);
}

/** The result of a call, or undefined when it fails in one of these ways. */
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
