/**
 * An auth server's cache of access requests. Watches and `ListAccessRequests` are served from it, and it
 * may lag behind the cluster; streamed listings, single requests and plugin data are not.
 */

import { create } from "@bufbuild/protobuf";
import type { Event } from "../../src/teleport/generated/auth_pb.ts";
import {
  type AccessRequestV3,
  AccessRequestV3Schema,
  type WatchKind,
  WatchKindSchema,
} from "../../src/teleport/generated/types_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { ACCESS_REQUEST } from "./rbac.ts";
import { type Listener, Watchers } from "./watchers.ts";

/** What a paused cache holds, and what it does not know yet. */
interface Pause {
  readonly requests: readonly AccessRequestV3[];
  readonly missed: Event[];
  readonly unsubscribe: () => void;
}

/** Follows the cluster at once, unless it is paused. */
export class RequestCache {
  #pause: Pause | undefined;
  readonly #watchers = new Watchers();

  constructor(private readonly cluster: Cluster) {}

  /** What the cache holds. */
  list(): readonly AccessRequestV3[] {
    return this.#pause?.requests ?? this.cluster.list();
  }

  /** Stays at what the cluster has now, until `resume`. */
  pause(): void {
    if (this.#pause !== undefined) return;
    const missed: Event[] = [];
    const unsubscribe = this.cluster.watchers.subscribe(
      [create(WatchKindSchema, { Kind: ACCESS_REQUEST })],
      (event) => missed.push(event),
    );
    this.#pause = { requests: this.cluster.list(), missed, unsubscribe };
  }

  /** Catches up: every watch gets the events that were missed, also one that began meanwhile. */
  resume(): void {
    const pause = this.#pause;
    if (pause === undefined) return;
    pause.unsubscribe();
    this.#pause = undefined;
    for (const { Resource: { case: kind, value } } of pause.missed) {
      if (kind === "AccessRequest") this.#watchers.put(value);
      if (kind === "ResourceHeader") this.#watchers.delete(gone(value.Metadata?.Name ?? ""));
    }
  }

  /** As `Watchers.subscribe()`, with events held back while the cache is paused. */
  subscribe(kinds: readonly WatchKind[], listener: Listener): () => void {
    const endings = [
      this.#watchers.subscribe(kinds, listener),
      this.cluster.watchers.subscribe(kinds, (event) => {
        if (this.#pause === undefined || !isOfRequest(event)) listener(event);
      }),
    ];
    return () => endings.forEach((end) => end());
  }
}

function isOfRequest({ Resource: { case: kind, value } }: Event): boolean {
  return kind === "AccessRequest" || kind === "ResourceHeader" && value.Kind === ACCESS_REQUEST;
}

function gone(Name: string): AccessRequestV3 {
  return create(AccessRequestV3Schema, { Metadata: { Name } });
}
