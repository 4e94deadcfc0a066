/** Listing access requests. */

import { type AccessRequest, readAccessRequest } from "../access_request/read.ts";
import { AuthService } from "../generated/auth_pb.ts";
import type { AccessRequestV3 } from "../generated/types_pb.ts";
import { type Caller, LIST_TIMEOUT_MS } from "./caller.ts";

/** Below the server's limit of 16000 and its default of 1000. */
const PAGE_SIZE = 500;
const ACTION = "list access requests";

/** Every access request; undefined when the server knows neither call for it. */
export async function listRequests(
  caller: Caller,
  signal: AbortSignal,
): Promise<readonly AccessRequest[] | undefined> {
  return await caller.optional("GetAccessRequestsV2", () => streamRequests(caller, signal)) ??
    await caller.optional("ListAccessRequests", () => pageRequests(caller, signal));
}

/** Each message is read as it comes: thousands of them take much more memory than what is read. */
async function streamRequests(caller: Caller, signal: AbortSignal): Promise<AccessRequest[]> {
  const requests: AccessRequest[] = [];
  const method = AuthService.method.getAccessRequestsV2;
  for await (const message of caller.stream(method, {}, { action: ACTION, signal })) {
    requests.push(...readAll([message]));
  }
  return requests;
}

async function pageRequests(caller: Caller, signal: AbortSignal): Promise<AccessRequest[]> {
  const method = AuthService.method.listAccessRequests;
  return await caller.pages(ACTION, async (key) => {
    const request = { Filter: {}, Limit: PAGE_SIZE, StartKey: key };
    const options = { action: ACTION, timeoutMs: LIST_TIMEOUT_MS, signal };
    const page = await caller.unary(method, request, options);
    return { items: readAll(page.AccessRequests), next: page.NextKey };
  });
}

function readAll(messages: readonly AccessRequestV3[]): AccessRequest[] {
  return messages.flatMap((message) => readAccessRequest(message) ?? []);
}
