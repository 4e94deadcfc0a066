/** Calls for access lists and their owners, a feature of Teleport Enterprise. */

import { AccessListService } from "../generated/access_list_pb.ts";
import { type AccessList, readAccessList } from "../access_list.ts";
import { type Caller, LIST_TIMEOUT_MS } from "./caller.ts";

const PAGE_SIZE = 200;

/**
 * Every access list.
 *
 * @throws {ClusterError} `unsupported` on editions without access lists
 */
export async function listAccessLists(
  caller: Caller,
  signal: AbortSignal,
): Promise<readonly AccessList[]> {
  const action = "list access lists";
  const method = AccessListService.method.listAccessLists;
  return await caller.pages(action, async (nextToken) => {
    const options = { action, timeoutMs: LIST_TIMEOUT_MS, signal };
    const page = await caller.unary(method, { pageSize: PAGE_SIZE, nextToken }, options);
    const items = page.accessLists.flatMap((list) => readAccessList(list) ?? []);
    return { items, next: page.nextToken };
  });
}

/**
 * The user names of a list's owners, including members of lists that own it, without duplicates.
 *
 * @throws {ClusterError} `not-found` when the list does not exist
 */
export async function listAccessListOwners(
  caller: Caller,
  accessList: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const method = AccessListService.method.getAccessListOwners;
  const action = `list the owners of access list '${accessList}'`;
  const { owners } = await caller.unary(method, { accessList }, { action, signal });
  return [...new Set(owners.map(({ name }) => name))];
}
