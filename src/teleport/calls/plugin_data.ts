/** Calls for our entry in plugin data, which the cluster stores for each request and plugin. */

import { status as Status } from "@grpc/grpc-js";
import { ClusterError } from "../errors.ts";
import { AuthService } from "../generated/auth_pb.ts";
import { hasStatus } from "../grpc/error.ts";
import { CALL_TIMEOUT_MS, type Caller, LIST_TIMEOUT_MS } from "./caller.ts";

const ACCESS_REQUEST = "access_request";

/** A plugin's keys and values in one plugin data record. */
export type Entry = Readonly<Record<string, string>>;

/**
 * Our entry in every record, by request id.
 *
 * @throws {ClusterError}
 */
export async function listRecords(
  caller: Caller,
  plugin: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Entry>> {
  return await readRecords(caller, plugin, "", { timeoutMs: LIST_TIMEOUT_MS, signal });
}

/**
 * Our entry in the record of one request, empty when there is none.
 *
 * @throws {ClusterError}
 */
export async function readRecord(
  caller: Caller,
  plugin: string,
  id: string,
  signal: AbortSignal,
): Promise<Entry> {
  const options = { timeoutMs: CALL_TIMEOUT_MS, signal };
  return (await readRecords(caller, plugin, id, options)).get(id) ?? {};
}

async function readRecords(
  caller: Caller,
  plugin: string,
  id: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Map<string, Entry>> {
  const filter = { Kind: ACCESS_REQUEST, Resource: id, Plugin: plugin };
  const action = "read plugin data";
  const response = await caller.unary(AuthService.method.getPluginData, filter, {
    action,
    ...options,
  });
  return new Map(
    response.PluginData.map((data) => [
      data.Metadata?.Name ?? "",
      data.Spec?.Entries[plugin]?.Data ?? {},
    ]),
  );
}

/**
 * Compare-and-set on our entry: sets the keys of `set` ("" deletes a key) if every key of `expect` has
 * the given value ("" = absent). `expect` must not be empty, because Teleport then checks nothing.
 *
 * - `written`: the update was applied
 * - `conflict`: a key differs from `expect`; nothing was changed
 * - `missing`: neither the record nor the request exists
 *
 * @throws {ClusterError} for all other failures
 */
export async function writeRecord(
  caller: Caller,
  plugin: string,
  { id, set, expect }: { readonly id: string; readonly set: Entry; readonly expect: Entry },
  signal: AbortSignal,
): Promise<"written" | "conflict" | "missing"> {
  const params = { Kind: ACCESS_REQUEST, Resource: id, Plugin: plugin, Set: set, Expect: expect };
  try {
    const action = "write plugin data";
    await caller.unary(AuthService.method.updatePluginData, params, { action, signal });
    return "written";
  } catch (error) {
    const cause = error instanceof ClusterError ? error.cause : error;
    if (hasStatus(cause, Status.FAILED_PRECONDITION)) return "conflict";
    if (hasStatus(cause, Status.NOT_FOUND)) return "missing";
    throw error;
  }
}
