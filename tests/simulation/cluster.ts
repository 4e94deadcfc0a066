/** The cluster of a simulation: what is true, whoever sees it when. */

import type { AccessRequest } from "../../src/teleport/access_request/read.ts";
import type { ClusterEvent, WriteOutcome } from "../../src/requests/ports.ts";
import {
  decodeRecord,
  type PluginRecord,
  type RawRecord,
} from "../../src/requests/record/record.ts";
import { compareAndSet } from "../../src/requests/testing/compare_and_set.ts";

export type RecordWritten = (
  write: {
    readonly id: string;
    readonly by: string;
    readonly before: PluginRecord | undefined;
    readonly after: PluginRecord | undefined;
  },
) => void;

export class SimulatedCluster {
  readonly requests = new Map<string, AccessRequest>();
  readonly records = new Map<string, RawRecord>();
  /** Called for every event, to be passed on by those who watch. */
  readonly watchers = new Set<(event: ClusterEvent) => void>();

  constructor(private readonly onWrite: RecordWritten) {}

  record(id: string): PluginRecord | undefined {
    return decodeRecord(this.records.get(id) ?? {}).record;
  }

  put(request: AccessRequest): void {
    this.requests.set(request.id, request);
    for (const watcher of this.watchers) watcher({ type: "put", request });
  }

  /** The record stays: it lives an hour longer than its request. */
  remove(id: string): void {
    if (!this.requests.delete(id)) return;
    for (const watcher of this.watchers) watcher({ type: "delete", id });
  }

  write(id: string, set: RawRecord, expect: RawRecord, by: string): WriteOutcome {
    if (!this.requests.has(id) && !this.records.has(id)) return "missing";
    const before = this.record(id);
    const next = compareAndSet(this.records.get(id) ?? {}, set, expect);
    if (next === "conflict") return next;
    this.records.set(id, next);
    this.onWrite({ id, by, before, after: this.record(id) });
    return "written";
  }
}
