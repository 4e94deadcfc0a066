/** Plugin data with exactly the semantics of teleport-protocol.md §5.3, on the cluster's clock. */

import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type PluginDataFilter,
  type PluginDataUpdateParams,
  type PluginDataV3,
  PluginDataV3Schema,
} from "../../src/teleport/generated/types_pb.ts";
import { ClusterError } from "./cluster_error.ts";
import { ACCESS_REQUEST } from "./rbac.ts";

/** The other kind of plugin data, on editions with access lists. */
const ACCESS_LIST = "access_list";
/** Records of lists do not expire before their list is deleted. */
const NEVER = new Date(8.64e15);

/** How long a record is kept after the end of the access. */
const RECORD_GRACE_MS = 3_600_000;
const MAX_RECORD_BYTES = 1_000_000;

type Entry = ReadonlyMap<string, string>;

interface DataRecord {
  readonly expires: Date;
  /** By plugin name; without empty entries. */
  readonly entries: ReadonlyMap<string, Entry>;
}

/** Looks up the end of a request's access; undefined = the request does not exist. */
export type AccessEnd = (requestId: string) => Date | undefined;

/** The access lists that plugin data can be about. */
export interface DataLists {
  has(name: string): boolean;
}

/** The plugin data of a cluster. Updates are synchronous, so that concurrent callers are serialized. */
export class PluginDataStore {
  /** Whether access lists can have plugin data, as on newer servers. */
  takesLists = true;
  /** By id of the request. */
  readonly #requests = new Map<string, DataRecord>();
  /** By name of the access list. */
  readonly #lists = new Map<string, DataRecord>();

  constructor(
    readonly accessEnd: AccessEnd,
    readonly now: () => Date,
    readonly accessLists: DataLists = { has: () => false },
  ) {}

  /** The matching records, each with the entries of all plugins, even if a plugin was given. */
  get(filter: PluginDataFilter): PluginDataV3[] {
    const records = this.#recordsOf(filter.Kind);
    return [...records]
      .filter(([id]) => filter.Resource === "" || filter.Resource === id)
      .filter(([, record]) => filter.Plugin === "" || record.entries.has(filter.Plugin))
      .map(([id, record]) => toMessage(filter.Kind, id, record));
  }

  /** Checks `Expect` and applies `Set` atomically. */
  update(params: PluginDataUpdateParams): void {
    const records = this.#recordsOf(params.Kind);
    const record = records.get(params.Resource) ??
      this.#freshRecord(params.Kind, params.Resource);
    const entry = record.entries.get(params.Plugin);
    // No keys = no condition: an empty map and an absent one are encoded alike.
    for (const [key, expected] of Object.entries(params.Expect)) {
      if ((entry?.get(key) ?? "") !== expected) {
        throw new ClusterError(
          "FAILED_PRECONDITION",
          `expectations not met for field "${key}"`,
        );
      }
    }
    const entries = new Map(record.entries);
    const next = apply(entry, params.Set);
    if (next.size > 0) entries.set(params.Plugin, next);
    else entries.delete(params.Plugin);
    if (sizeOf(entries) > MAX_RECORD_BYTES) {
      throw new ClusterError("INVALID_ARGUMENT", "plugin data size limit exceeded");
    }
    records.set(params.Resource, { expires: record.expires, entries });
  }

  /** Deletes expired records. */
  sweep(): void {
    const now = this.now();
    for (const [id, record] of this.#requests) {
      if (record.expires <= now) this.#requests.delete(id);
    }
    for (const name of this.#lists.keys()) {
      if (!this.accessLists.has(name)) this.#lists.delete(name);
    }
  }

  #recordsOf(kind: string): Map<string, DataRecord> {
    this.sweep();
    if (kind === ACCESS_REQUEST) return this.#requests;
    if (kind === ACCESS_LIST && this.takesLists) return this.#lists;
    throw new ClusterError("INVALID_ARGUMENT", `unsupported resource kind "${kind}"`);
  }

  /** One plugin's entry about an access list; undefined when absent. */
  listEntry(name: string, plugin: string): Readonly<Record<string, string>> | undefined {
    this.sweep();
    const entry = this.#lists.get(name)?.entries.get(plugin);
    return entry && Object.fromEntries(entry);
  }

  /** One plugin's entry as an object, for tests and the control API; undefined when absent. */
  entry(requestId: string, plugin: string): Readonly<Record<string, string>> | undefined {
    this.sweep();
    const entry = this.#requests.get(requestId)?.entries.get(plugin);
    return entry && Object.fromEntries(entry);
  }

  /** Every record: request id, plugin, key, value. */
  all(): Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>> {
    this.sweep();
    return Object.fromEntries([...this.#requests].map(([id, { entries }]) => [id, plain(entries)]));
  }

  /** Fixes the expiry; nothing extends it later, not even a longer access. */
  #freshRecord(kind: string, requestId: string): DataRecord {
    if (kind === ACCESS_LIST) {
      if (this.accessLists.has(requestId)) return { expires: NEVER, entries: new Map() };
      throw new ClusterError("NOT_FOUND", `access_list "${requestId}" doesn't exist`);
    }
    const end = this.accessEnd(requestId);
    if (end === undefined) {
      throw new ClusterError("NOT_FOUND", `access request "${requestId}" not found`);
    }
    return { expires: new Date(end.getTime() + RECORD_GRACE_MS), entries: new Map() };
  }
}

function apply(entry: Entry | undefined, set: Readonly<Record<string, string>>): Entry {
  const next = new Map(entry);
  for (const [key, value] of Object.entries(set)) {
    if (value === "") next.delete(key);
    else next.set(key, value);
  }
  return next;
}

function plain(entries: ReadonlyMap<string, Entry>): Record<string, Record<string, string>> {
  return Object.fromEntries([...entries].map(([name, entry]) => [name, Object.fromEntries(entry)]));
}

function sizeOf(entries: ReadonlyMap<string, Entry>): number {
  return new TextEncoder().encode(JSON.stringify(plain(entries))).length;
}

function toMessage(kind: string, id: string, record: DataRecord): PluginDataV3 {
  const entries = Object.entries(plain(record.entries));
  return create(PluginDataV3Schema, {
    Kind: "plugin_data",
    SubKind: kind,
    Version: "v3",
    Metadata: { Name: id, Namespace: "default", Expires: timestampFromDate(record.expires) },
    Spec: { Entries: Object.fromEntries(entries.map(([name, Data]) => [name, { Data }])) },
  });
}
