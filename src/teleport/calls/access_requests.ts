/** Calls that list and find access requests. */

import { type AccessRequest, readAccessRequest } from "../access_request/read.ts";
import { AuthService } from "../generated/auth_pb.ts";
import type { AccessRequestV3 } from "../generated/types_pb.ts";
import { type Caller, LIST_TIMEOUT_MS } from "./caller.ts";

/** Below the server's limit of 16000 and its default of 1000. */
const PAGE_SIZE = 500;
const ACTION = "list access requests";

/** Selects requests; an empty filter selects all. */
interface Filter {
  readonly ID?: string;
}

/**
 * Every access request; undefined when the server supports neither call for it.
 *
 * @throws {ClusterError}
 */
export async function listRequests(
  caller: Caller,
  signal: AbortSignal,
): Promise<readonly AccessRequest[] | undefined> {
  return await caller.optional("GetAccessRequestsV2", () => streamRequests(caller, signal)) ??
    await caller.optional("ListAccessRequests", () => pageRequests(caller, signal));
}

/**
 * One request, which the server reads from its backend rather than from a cache; undefined when it
 * supports neither call for it. To a role without `list` and `read`, other users' requests are absent.
 *
 * @throws {ClusterError}
 */
export async function findRequest(
  caller: Caller,
  id: string,
  signal: AbortSignal,
): Promise<AccessRequest | "absent" | undefined> {
  const requests = await caller.optional(
    "GetAccessRequestsV2",
    () => streamRequests(caller, signal, { ID: id }),
  ) ??
    await caller.optional("ListAccessRequests", () => pageRequests(caller, signal, { ID: id }));
  return requests && (requests.find((request) => request.id === id) ?? "absent");
}

/** Converts each message on arrival: thousands of messages need far more memory than the results. */
async function streamRequests(
  caller: Caller,
  signal: AbortSignal,
  filter: Filter = {},
): Promise<AccessRequest[]> {
  const requests: AccessRequest[] = [];
  const method = AuthService.method.getAccessRequestsV2;
  for await (const message of caller.stream(method, filter, { action: ACTION, signal })) {
    requests.push(...readAll([message]));
  }
  return requests;
}

async function pageRequests(
  caller: Caller,
  signal: AbortSignal,
  filter: Filter = {},
): Promise<AccessRequest[]> {
  const method = AuthService.method.listAccessRequests;
  return await caller.pages(ACTION, async (key) => {
    const request = { Filter: filter, Limit: PAGE_SIZE, StartKey: key };
    const options = { action: ACTION, timeoutMs: LIST_TIMEOUT_MS, signal };
    const page = await caller.unary(method, request, options);
    return { items: readAll(page.AccessRequests), next: page.NextKey };
  });
}

function readAll(messages: readonly AccessRequestV3[]): AccessRequest[] {
  return messages.flatMap((message) => readAccessRequest(message) ?? []);
}
