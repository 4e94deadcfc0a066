/** A cluster in memory for the tests of this folder: requests, and plugin data with compare-and-set. */

import type { AccessRequest } from "../../teleport/access_request/read.ts";
import type { Cluster, ClusterEvent, WriteOutcome } from "../ports.ts";
import { decodeRecord, type PluginRecord, type RawRecord } from "../record/record.ts";
import { compareAndSet } from "./compare_and_set.ts";
import { EventStream } from "./event_stream.ts";

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
    stream.push({ type: "init" });
    try {
      yield* stream.events();
    } finally {
      this.#streams = this.#streams.filter((other) => other !== stream);
    }
  }

  // deno-lint-ignore require-await
  async listRequests(): Promise<readonly AccessRequest[] | undefined> {
    this.#begin("listRequests");
    return this.canList ? [...this.requests.values()] : undefined;
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
