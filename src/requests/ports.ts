/** What the reconciler needs of the cluster; `teleport/client.ts` offers it, tests fake it. */

import type { Role } from "../teleport/permissions.ts";
import type { AccessRequest } from "../teleport/access_request/read.ts";
import type { OptionalKind, RequestEvent, RuleEvent } from "../teleport/calls/watch.ts";
import type { RawRecord } from "./record/record.ts";

/** `init` says whether changes of rules come with the stream. */
export type ClusterEvent =
  | { readonly type: "init"; readonly kinds: readonly OptionalKind[] }
  | RequestEvent
  | RuleEvent;

/** `missing`: neither the record nor the request exists any more. */
export type WriteOutcome = "written" | "conflict" | "missing";

/** All methods reject with `ClusterError`. */
export interface Cluster {
  /** The events of access requests and of `also`, `init` first; ends when the server ends the stream. */
  watch(signal: AbortSignal, also: readonly OptionalKind[]): AsyncIterable<ClusterEvent>;
  /** Every request; undefined when the server has no call for it. */
  listRequests(signal: AbortSignal): Promise<readonly AccessRequest[] | undefined>;
  /** One request, from the backend and not from a cache; undefined when the server has no call for it. */
  findRequest(id: string, signal: AbortSignal): Promise<AccessRequest | "absent" | undefined>;
  /** Our own roles; undefined when the server is too old to tell. */
  currentRoles(signal: AbortSignal): Promise<readonly Role[] | undefined>;
  /** Our entry in every record, by request id. */
  listRecords(signal: AbortSignal): Promise<ReadonlyMap<string, RawRecord>>;
  /** Our entry in the record of one request, empty when there is none. */
  readRecord(id: string, signal: AbortSignal): Promise<RawRecord>;
  /** Compare-and-set: sets the keys of `set` ("" deletes) if every key of `expect` holds. */
  writeRecord(
    id: string,
    set: RawRecord,
    expect: RawRecord,
    signal: AbortSignal,
  ): Promise<WriteOutcome>;
}
