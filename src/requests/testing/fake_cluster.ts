/** A cluster in memory for the tests of this folder: requests, and plugin data with compare-and-set. */

import type { AccessRequest } from "../../teleport/access_request/read.ts";
import type { Role } from "../../teleport/permissions.ts";
import type { Cluster, ClusterEvent, WriteOutcome } from "../ports.ts";
import { decodeRecord, type PluginRecord, type RawRecord } from "../record/record.ts";
import { compareAndSet } from "./compare_and_set.ts";
import { EventStream } from "./event_stream.ts";

export const LISTING_ROLE: Role = {
  name: "access-plugin",
  allow: [{ kinds: ["access_request"], verbs: ["list", "read"], where: "" }],
  deny: [],
};

export class FakeCluster implements Cluster {
  readonly requests = new Map<string, AccessRequest>();
  readonly records = new Map<string, RawRecord>();
  readonly calls: string[] = [];
  /** Called at the start of each call, as it stands in `calls`; may throw. */
  beforeCall: (call: string) => void = () => {};
  /** Called before a write is compared; may change records, or throw. */
  beforeWrite: (id: string) => void = () => {};
  /** Called after a write is done; may throw, so that the answer is lost. */
  afterWrite: (id: string) => void = () => {};
  canList = true;
  /** Listings and lookups leave every request out, as for a role that lacks `list`. */
  isNarrowed = false;
  /** What a lagging cache still lists; undefined = what is there. */
  cachedRequests: readonly AccessRequest[] | undefined;
  roles: readonly Role[] | undefined = [LISTING_ROLE];
  #streams: EventStream[] = [];

  record(id = "r1"): PluginRecord | undefined {
    return decodeRecord(this.records.get(id) ?? {}).record;
  }

  put(request: AccessRequest): void {
    this.requests.set(request.id, request);
    this.emit({ type: "put", request });
  }

  remove(id: string): void {
    this.requests.delete(id);
    this.emit({ type: "delete", id });
  }

  emit(event: ClusterEvent): void {
    for (const stream of this.#streams) stream.push(event);
  }

  /** Ends every watch: with an error, or in good order. */
  drop(error?: Error): void {
    for (const stream of this.#streams.splice(0)) stream.end(error);
  }

  get watchers(): number {
    return this.#streams.length;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<ClusterEvent> {
    this.#begin("watch");
    const stream = new EventStream();
    this.#streams.push(stream);
    signal.addEventListener("abort", () => stream.end());
    stream.push({ type: "init", kinds: [] });
    try {
      yield* stream.events();
    } finally {
      this.#streams = this.#streams.filter((other) => other !== stream);
    }
  }

  // deno-lint-ignore require-await
  async listRequests(): Promise<readonly AccessRequest[] | undefined> {
    this.#begin("listRequests");
    if (!this.canList) return undefined;
    return this.isNarrowed ? [] : this.cachedRequests ?? [...this.requests.values()];
  }

  // deno-lint-ignore require-await
  async findRequest(id: string): Promise<AccessRequest | "absent" | undefined> {
    this.#begin(`find ${id}`);
    if (!this.canList) return undefined;
    return this.isNarrowed ? "absent" : this.requests.get(id) ?? "absent";
  }

  // deno-lint-ignore require-await
  async currentRoles(): Promise<readonly Role[] | undefined> {
    this.#begin("currentRoles");
    return this.roles;
  }

  // deno-lint-ignore require-await
  async listRecords(): Promise<ReadonlyMap<string, RawRecord>> {
    this.#begin("listRecords");
    return new Map(this.records);
  }

  // deno-lint-ignore require-await
  async readRecord(id: string): Promise<RawRecord> {
    this.#begin(`read ${id}`);
    return this.records.get(id) ?? {};
  }

  async writeRecord(id: string, set: RawRecord, expect: RawRecord): Promise<WriteOutcome> {
    this.#begin(`write ${id}`);
    await Promise.resolve();
    this.beforeWrite(id);
    if (!this.requests.has(id) && !this.records.has(id)) return "missing";
    const next = compareAndSet(this.records.get(id) ?? {}, set, expect);
    if (next === "conflict") return next;
    this.records.set(id, next);
    this.afterWrite(id);
    return "written";
  }

  #begin(call: string): void {
    this.calls.push(call);
    this.beforeCall(call);
  }
}
