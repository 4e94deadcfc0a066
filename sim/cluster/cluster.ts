/**
 * The state of a simulated cluster and the operations on it, without a network and with an injected
 * clock. It does not check permissions; the auth server does.
 */

import { clone, create } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type AccessRequestSpecV3,
  type AccessRequestV3,
  AccessRequestV3Schema,
  type PromotedAccessList,
  PromotedAccessListSchema,
  RequestState,
} from "../../src/teleport/generated/types_pb.ts";
import type { LabelValues } from "../../src/teleport/generated/wrappers_pb.ts";
import {
  buildRequest,
  buildReview,
  isUnset,
  type NewRequest,
  type NewReview,
} from "../auth/access_request.ts";
import { ClusterError } from "../auth/cluster_error.ts";
import { PluginDataStore } from "../auth/plugin_data.ts";
import { Roles } from "../auth/rbac.ts";
import { decidingReview } from "../auth/thresholds.ts";
import { Watchers } from "../auth/watchers.ts";
import { AccessListStore } from "./access_list_store.ts";
import { ResourceStore } from "./resource_store.ts";
import { RuleStore } from "./rule_store.ts";
import { UserStore } from "./user_store.ts";

/** The details of a decision beside the new state. */
export interface Decision {
  readonly reason?: string;
  /** The granted subset of the requested roles; absent or empty = all. */
  readonly roles?: readonly string[];
  readonly annotations?: LabelValues;
  readonly assumeStartTime?: Timestamp;
}

/** One cluster: its resources and the watches on them. */
export class Cluster {
  readonly pluginData: PluginDataStore;
  readonly roles: Roles = new Roles();
  readonly watchers: Watchers = new Watchers();
  readonly rules: RuleStore = new RuleStore(this.watchers);
  readonly users: UserStore = new UserStore();
  readonly resources: ResourceStore = new ResourceStore();
  readonly accessLists: AccessListStore = new AccessListStore();
  readonly #requests = new Map<string, AccessRequestV3>();

  constructor(
    readonly name: string = "sim.example.com",
    readonly now: () => Date = () => new Date(),
  ) {
    this.pluginData = new PluginDataStore((id) => this.#accessEnd(id), now, this.accessLists);
  }

  /** Creates a pending request. */
  create(request: NewRequest = {}): AccessRequestV3 {
    return this.add(this.draft(request));
  }

  /** What `create` would store. */
  draft(request: NewRequest = {}): AccessRequestV3 {
    return buildRequest(request, this.now(), this.name);
  }

  /** Stores an existing request. */
  add(request: AccessRequestV3): AccessRequestV3 {
    const id = request.Metadata?.Name ?? "";
    if (this.#requests.has(id)) {
      throw new ClusterError("ALREADY_EXISTS", `access request "${id}" already exists`);
    }
    this.#requests.set(id, copy(request));
    this.watchers.put(request);
    return copy(request);
  }

  /** One request; undefined when it does not exist. */
  get(id: string): AccessRequestV3 | undefined {
    const request = this.#requests.get(id);
    return request && copy(request);
  }

  /** All unexpired requests, by id. */
  list(): AccessRequestV3[] {
    const now = this.now();
    return [...this.#requests.values()]
      .filter((request) => !isExpired(request, now))
      .sort((a, b) => idOf(a) < idOf(b) ? -1 : 1)
      .map(copy);
  }

  /** Decides a request. A denial is final, but overwrites an approval. */
  setState(id: string, state: RequestState, decision: Decision = {}): AccessRequestV3 {
    const { request, spec } = this.#find(id, "set state of");
    const roles = decision.roles ?? [];
    if (spec.State === RequestState.DENIED && state !== RequestState.DENIED) {
      throw new ClusterError(
        "INVALID_ARGUMENT",
        `cannot set request-state "${RequestState[state]}" (already denied)`,
      );
    }
    const foreign = roles.find((role) => !spec.Roles.includes(role));
    if (foreign !== undefined) {
      throw new ClusterError("INVALID_ARGUMENT", `role "${foreign}" not in original request`);
    }
    if (roles.length > 0) spec.Roles = [...roles];
    if (decision.annotations) spec.ResolveAnnotations = decision.annotations;
    if (decision.assumeStartTime) spec.AssumeStartTime = decision.assumeStartTime;
    return this.#store(request, spec, state, decision.reason ?? "");
  }

  /** Promotes a request to a membership in an access list. */
  promote(id: string, list: { name: string; title: string }, reason = ""): AccessRequestV3 {
    const { request, spec } = this.#find(id, "promote");
    spec.accessList = accessList(list.name, list.title);
    return this.#store(request, spec, RequestState.PROMOTED, reason);
  }

  /** Adds a review; if it reaches the thresholds, the decision is part of the same change. */
  review(id: string, review: NewReview): AccessRequestV3 {
    const { request, spec } = this.#find(id, "review");
    spec.Reviews.push(buildReview(review, this.now(), spec.Thresholds.length));
    const deciding = spec.State === RequestState.PENDING ? decidingReview(spec) : undefined;
    if (deciding === undefined) return this.#store(request, spec, spec.State, spec.ResolveReason);
    if (deciding.accessList) spec.accessList = deciding.accessList;
    if (deciding.AssumeStartTime) spec.AssumeStartTime = deciding.AssumeStartTime;
    return this.#store(request, spec, deciding.ProposedState, deciding.Reason);
  }

  /** Sets times of a request, so that a test need not wait for them. */
  retime(id: string, times: { readonly created?: Date; readonly accessExpires?: Date }): void {
    const { request, spec } = this.#find(id, "set times of");
    if (times.created) spec.Created = timestampFromDate(times.created);
    if (times.accessExpires) spec.Expires = timestampFromDate(times.accessExpires);
    this.#store(request, spec, spec.State, spec.ResolveReason);
  }

  /** Deletes a request. Its plugin data stays. */
  delete(id: string): void {
    const { request } = this.#find(id, "delete");
    this.#requests.delete(id);
    this.watchers.delete(request);
  }

  /** Expires a request now; watches cannot distinguish it from a deletion. */
  expire(id: string): void {
    this.#find(id, "expire");
    this.delete(id);
  }

  /** Deletes expired requests and old plugin data; returns the number of deleted requests. */
  sweep(): number {
    const now = this.now();
    const expired = [...this.#requests.values()].filter((request) => isExpired(request, now));
    for (const request of expired) this.delete(idOf(request));
    this.pluginData.sweep();
    return expired.length;
  }

  #store(request: AccessRequestV3, spec: AccessRequestSpecV3, state: RequestState, reason: string) {
    spec.State = state;
    spec.ResolveReason = reason;
    if (state === RequestState.APPROVED && request.Metadata && spec.Expires) {
      request.Metadata.Expires = spec.Expires;
      spec.ResourceExpiry = spec.Expires;
    }
    this.#requests.set(idOf(request), request);
    this.watchers.put(request);
    return copy(request);
  }

  /** A copy to modify, so that a failed operation has no effect. */
  #find(id: string, action: string): { request: AccessRequestV3; spec: AccessRequestSpecV3 } {
    const request = this.get(id);
    if (!request?.Spec) {
      const message = `cannot ${action} access request "${id}" (not found)`;
      throw new ClusterError("NOT_FOUND", message);
    }
    return { request, spec: request.Spec };
  }

  #accessEnd(id: string): Date | undefined {
    const spec = this.#requests.get(id)?.Spec;
    if (!spec) return undefined;
    return spec.Expires && !isUnset(spec.Expires) ? timestampDate(spec.Expires) : this.now();
  }
}

function copy(request: AccessRequestV3): AccessRequestV3 {
  return clone(AccessRequestV3Schema, request);
}

function idOf(request: AccessRequestV3): string {
  return request.Metadata?.Name ?? "";
}

function isExpired({ Metadata: metadata }: AccessRequestV3, now: Date): boolean {
  const expires = metadata?.Expires;
  return expires !== undefined && !isUnset(expires) && timestampDate(expires) <= now;
}

function accessList(name: string, title: string): PromotedAccessList {
  return create(PromotedAccessListSchema, { Name: name, Title: title });
}
