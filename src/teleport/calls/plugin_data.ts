/** Calls for our entry in plugin data, which the cluster stores for each request or list, and plugin. */

import { status as Status } from "@grpc/grpc-js";
import { ClusterError } from "../errors.ts";
import { AuthService } from "../generated/auth_pb.ts";
import { hasStatus } from "../grpc/error.ts";
import { CALL_TIMEOUT_MS, type Caller, LIST_TIMEOUT_MS } from "./caller.ts";

/** What plugin data can be about; `access_list` on editions with access lists. */
export type DataKind = "access_request" | "access_list";

/** Whose entries are read and written, and of what. */
export interface DataScope {
  readonly plugin: string;
  readonly kind: DataKind;
}

/** A plugin's keys and values in one plugin data record. */
export type Entry = Readonly<Record<string, string>>;

/**
 * Our entry in every record, by the id of the request or the name of the list.
 *
 * @throws {ClusterError}
 */
export async function listRecords(
  caller: Caller,
  scope: DataScope,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Entry>> {
  return await readRecords(caller, scope, "", { timeoutMs: LIST_TIMEOUT_MS, signal });
}

/**
 * Our entry in the record of one request or list, empty when there is none.
 *
 * @throws {ClusterError}
 */
export async function readRecord(
  caller: Caller,
  scope: DataScope,
  id: string,
  signal: AbortSignal,
): Promise<Entry> {
  const options = { timeoutMs: CALL_TIMEOUT_MS, signal };
  return (await readRecords(caller, scope, id, options)).get(id) ?? {};
}

async function readRecords(
  caller: Caller,
  scope: DataScope,
  id: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Map<string, Entry>> {
  const { plugin, kind } = scope;
  const filter = { Kind: kind, Resource: id, Plugin: plugin };
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
 * - `missing`: neither the record nor its request or list exists
 *
 * @throws {ClusterError} for all other failures
 */
export async function writeRecord(
  caller: Caller,
  scope: DataScope,
  { id, set, expect }: { readonly id: string; readonly set: Entry; readonly expect: Entry },
  signal: AbortSignal,
): Promise<"written" | "conflict" | "missing"> {
  const params = {
    Kind: scope.kind,
    Resource: id,
    Plugin: scope.plugin,
    Set: set,
    Expect: expect,
  };
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
