/** The cluster of a simulation: the true state, of which replicas see more or less. */

import type { AccessRequest } from "../../src/teleport/access_request/read.ts";
import type { ClusterEvent, WriteOutcome } from "../../src/requests/ports.ts";
import { ClusterError } from "../../src/teleport/errors.ts";
import type { AccessMonitoringRule } from "../../src/teleport/rules/rule.ts";
import { OWNER, type Routing } from "./routing.ts";
import { compareAndSetRaw, type Raw, readFacts, type StoredFacts } from "./record_reader.ts";

export type RecordWritten = (
  write: {
    readonly id: string;
    readonly by: string;
    /** Until when the writer's machine could last not do what it wanted to. */
    readonly faultMs: number;
    readonly before: StoredFacts | undefined;
    readonly after: StoredFacts | undefined;
  },
) => void;

export class SimulatedCluster {
  readonly requests = new Map<string, AccessRequest>();
  readonly records = new Map<string, Raw>();
  /** Listings and lookups leave every request out, without an error: the role has lost `list`. */
  isNarrowed = false;
  /** Requests whose records cannot be changed, whatever is tried. */
  readonly refused = new Set<string>();
  /** What caches that lag still hold; undefined = all of them have caught up. */
  cached: ReadonlyMap<string, AccessRequest> | undefined;
  /** Called for every event; each watch passes it on. */
  readonly watchers = new Set<(event: ClusterEvent) => void>();

  constructor(readonly routing: Routing, private readonly onWrite: RecordWritten) {}

  /** Writes or deletes a rule. */
  setRule(name: string, rule: AccessMonitoringRule | undefined, nowMs: number): void {
    const { rules } = this.routing;
    if (rule === undefined && !rules.delete(name)) return;
    if (rule !== undefined) rules.set(name, rule);
    this.routing.noteChange(nowMs);
    this.#emit(rule === undefined ? { type: "delete-rule", name } : { type: "put-rule", rule });
  }

  record(id: string): StoredFacts | undefined {
    return readFacts(this.records.get(id));
  }

  /** All requests, as far as the role may list them; from a cache that may lag. */
  list(): readonly AccessRequest[] {
    return this.isNarrowed ? [] : [...(this.cached ?? this.requests).values()];
  }

  /** The caches that lagged catch up: their watches hear what they missed. */
  catchUp(): void {
    const { cached, requests } = this;
    this.cached = undefined;
    if (cached === undefined) return;
    for (const request of requests.values()) {
      if (cached.get(request.id) !== request) this.#emit({ type: "put", request });
    }
    for (const id of cached.keys()) if (!requests.has(id)) this.#emit({ type: "delete", id });
  }

  #emit(event: ClusterEvent): void {
    for (const watcher of this.watchers) watcher(event);
  }

  /** One request, from the backend. */
  find(id: string): AccessRequest | "absent" {
    return this.isNarrowed ? "absent" : this.requests.get(id) ?? "absent";
  }

  /** Has a record say that its request has expired, as a version that believed a listing did. */
  closeFalsely(id: string, requester: string | undefined, nowMs: number): boolean {
    const facts = this.record(id);
    if (!this.requests.has(id) || facts?.resolution !== "" || facts.owed.length > 0) return false;
    const since = new Date(nowMs).toISOString();
    const index = facts.reopened;
    const emails = this.routing.emailsOf(facts.threads);
    const told = [...emails].filter(([, kinds]) => kinds.has("resolution"))
      .flatMap(([to]) => to === OWNER ? [] : [to]);
    const owed = [
      ...told.map((to) => ({ kind: "resolution", to, index, since })),
      ...(requester === undefined || this.routing.silences("resolution")
        ? []
        : [{ kind: "requester-resolution", to: requester, index, since }]),
    ];
    const { expires: _, ...record } = this.records.get(id) ?? {};
    this.records.set(id, { ...record, resolution: "EXPIRED", owed: JSON.stringify(owed) });
    return true;
  }

  put(request: AccessRequest): void {
    this.requests.set(request.id, request);
    this.#emit({ type: "put", request });
  }

  /** The record stays: it lives an hour longer than its request. */
  remove(id: string): void {
    if (!this.requests.delete(id)) return;
    this.#emit({ type: "delete", id });
  }

  /** @throws {ClusterError} for a record that cannot be changed */
  write(
    id: string,
    set: Raw,
    expect: Raw,
    { name, lastFaultMs }: { readonly name: string; readonly lastFaultMs: number },
  ): WriteOutcome {
    if (!this.requests.has(id) && !this.records.has(id)) return "missing";
    if (this.refused.has(id)) throw new ClusterError("invalid", "plugin data size limit exceeded");
    const before = this.record(id);
    const next = compareAndSetRaw(this.records.get(id) ?? {}, set, expect);
    if (next === "conflict") return next;
    this.records.set(id, next);
    this.onWrite({ id, by: name, faultMs: lastFaultMs, before, after: this.record(id) });
    return "written";
  }
}
