/**
 * An auth server's cache of access requests, which may lag behind the cluster. Watches and
 * `ListAccessRequests` read it; streamed listings, single requests and plugin data do not.
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

/** The content of a paused cache, and the events it has missed. */
interface Pause {
  readonly requests: readonly AccessRequestV3[];
  readonly missed: Event[];
  readonly unsubscribe: () => void;
}

/** Follows the cluster immediately, unless it is paused. */
export class RequestCache {
  #pause: Pause | undefined;
  readonly #watchers = new Watchers();

  constructor(private readonly cluster: Cluster) {}

  /** The cached requests. */
  list(): readonly AccessRequestV3[] {
    return this.#pause?.requests ?? this.cluster.list();
  }

  /** Freezes the cache until `resume`. */
  pause(): void {
    if (this.#pause !== undefined) return;
    const missed: Event[] = [];
    const unsubscribe = this.cluster.watchers.subscribe(
      [create(WatchKindSchema, { Kind: ACCESS_REQUEST })],
      (event) => missed.push(event),
    );
    this.#pause = { requests: this.cluster.list(), missed, unsubscribe };
  }

  /** Catches up: every watch receives the missed events, including watches that began meanwhile. */
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

  /** As `Watchers.subscribe()`, but events are held back while the cache is paused. */
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
