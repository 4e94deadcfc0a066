/** A typed client for the calls to a Teleport cluster that the program needs. */

import type { Runtime } from "../runtime.ts";
import type { AccessList } from "./access_list.ts";
import type { AccessRequest } from "./access_request/read.ts";
import { listAccessListOwners, listAccessLists } from "./calls/access_lists.ts";
import { findRequest, listRequests } from "./calls/access_requests.ts";
import { Caller, type ConnectionSource } from "./calls/caller.ts";
import { type Entry, listRecords, readRecord, writeRecord } from "./calls/plugin_data.ts";
import { listResources } from "./calls/resources.ts";
import { listRules } from "./calls/rules.ts";
import { currentRoles, ping, type ServerInfo } from "./calls/server.ts";
import { readTraits, type Traits } from "./calls/users.ts";
import { type OptionalKind, watch, type WatchEvent } from "./calls/watch.ts";
import type { Role } from "./permissions.ts";
import type { Resource } from "./resources/resource.ts";
import type { AccessMonitoringRule } from "./rules/rule.ts";

export type { ServerInfo, Traits, WatchEvent };

/** The plugin's name in plugin data and in rules, the same as the original's. */
const PLUGIN = "email";
const REQUESTS = { plugin: PLUGIN, kind: "access_request" } as const;
const LISTS = { plugin: PLUGIN, kind: "access_list" } as const;

/**
 * The calls to one cluster.
 *
 * @throws {ClusterError} from every method: `denied` when the role lacks a permission, `unsupported` when
 *   the server does not support the call
 */
export class TeleportClient {
  readonly #caller: Caller;

  /** `address` is the configured one, for error messages. */
  constructor(address: string, connections: ConnectionSource, private readonly deps: Runtime) {
    this.#caller = new Caller(address, connections, deps);
  }

  /** Name, version and features of the cluster. */
  ping(signal: AbortSignal): Promise<ServerInfo> {
    return ping(this.#caller, signal);
  }

  /** The roles of our user; undefined when the server does not support the call. */
  currentRoles(signal: AbortSignal): Promise<readonly Role[] | undefined> {
    return currentRoles(this.#caller, signal);
  }

  /** The events of access requests, and of the kinds in `also` that role and server allow. */
  watch<K extends OptionalKind = never>(
    signal: AbortSignal,
    also: readonly K[] = [],
  ): AsyncGenerator<WatchEvent<K>> {
    return watch(this.#caller, this.deps, also, signal);
  }

  /** Every access request; undefined when the server supports neither call for it. */
  listRequests(signal: AbortSignal): Promise<readonly AccessRequest[] | undefined> {
    return listRequests(this.#caller, signal);
  }

  /** One request, from the backend; undefined when the server supports neither call for it. */
  findRequest(id: string, signal: AbortSignal): Promise<AccessRequest | "absent" | undefined> {
    return findRequest(this.#caller, id, signal);
  }

  /** Our entry in every record, by request id. */
  listRecords(signal: AbortSignal): Promise<ReadonlyMap<string, Entry>> {
    return listRecords(this.#caller, REQUESTS, signal);
  }

  /** Our entry in the record of one request, empty when there is none. */
  readRecord(id: string, signal: AbortSignal): Promise<Entry> {
    return readRecord(this.#caller, REQUESTS, id, signal);
  }

  /** Compare-and-set on our entry; `expect` must not be empty. */
  writeRecord(
    id: string,
    set: Entry,
    expect: Entry,
    signal: AbortSignal,
  ): Promise<"written" | "conflict" | "missing"> {
    return writeRecord(this.#caller, REQUESTS, { id, set, expect }, signal);
  }

  /** The access monitoring rules about access requests that notify this plugin. */
  listRules(signal: AbortSignal): Promise<readonly AccessMonitoringRule[]> {
    return listRules(this.#caller, PLUGIN, signal);
  }

  /** The traits of a user; undefined when the user does not exist. */
  readTraits(user: string, signal: AbortSignal): Promise<Traits | undefined> {
    return readTraits(this.#caller, user, signal);
  }

  /** The existing resources of a kind with one of these names; duplicates are possible. */
  listResources(
    kind: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Resource[]> {
    return listResources(this.#caller, kind, names, signal);
  }

  /** Every access list; `unsupported` on editions without them. */
  listAccessLists(signal: AbortSignal): Promise<readonly AccessList[]> {
    return listAccessLists(this.#caller, signal);
  }

  /** The user names of an access list's owners; `not-found` when the list does not exist. */
  listAccessListOwners(accessList: string, signal: AbortSignal): Promise<readonly string[]> {
    return listAccessListOwners(this.#caller, accessList, signal);
  }

  /** Our entry in the plugin data of every access list, by name; `invalid` where lists have none. */
  listListRecords(signal: AbortSignal): Promise<ReadonlyMap<string, Entry>> {
    return listRecords(this.#caller, LISTS, signal);
  }

  /** Our entry in the plugin data of one access list, empty when there is none. */
  readListRecord(name: string, signal: AbortSignal): Promise<Entry> {
    return readRecord(this.#caller, LISTS, name, signal);
  }

  /** Compare-and-set on our entry of an access list; `expect` must not be empty. */
  writeListRecord(
    name: string,
    set: Entry,
    expect: Entry,
    signal: AbortSignal,
  ): Promise<"written" | "conflict" | "missing"> {
    return writeRecord(this.#caller, LISTS, { id: name, set, expect }, signal);
  }
}
