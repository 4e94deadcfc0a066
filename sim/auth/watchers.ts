/**
 * Watch subscriptions: which kinds are confirmed, and who gets which event (teleport-protocol.md
 * §1.3, §5.1).
 */

import { clone, create } from "@bufbuild/protobuf";
import {
  type Event,
  EventSchema,
  Operation,
  type Watch,
} from "../../src/teleport/generated/auth_pb.ts";
import {
  type AccessRequestV3,
  AccessRequestV3Schema,
  RequestState,
  type WatchKind,
} from "../../src/teleport/generated/types_pb.ts";
import { ClusterError } from "./cluster_error.ts";
import { ACCESS_REQUEST } from "./rbac.ts";

/** Throws unless the caller may read the kind that is to be watched. */
export type CheckKind = (kind: WatchKind) => void;
export type Listener = (event: Event) => void;

const FILTER_KEYS = ["id", "user", "state"];

/** The open watches of a cluster. */
export class Watchers {
  readonly #open = new Map<Listener, readonly WatchKind[]>();

  /** How many watches are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Starts a watch of confirmed kinds; the result ends it. Nothing that happened before is replayed. */
  subscribe(kinds: readonly WatchKind[], listener: Listener): () => void {
    this.#open.set(listener, kinds);
    return () => void this.#open.delete(listener);
  }

  /** Tells of a request that is new or has changed. */
  put(request: AccessRequestV3): void {
    for (const [listener, kinds] of this.#open) {
      if (!kinds.some((kind) => named(kind, request) && passes(kind, request))) continue;
      const value = clone(AccessRequestV3Schema, request);
      listener(create(EventSchema, {
        Type: Operation.PUT,
        Resource: { case: "AccessRequest", value },
      }));
    }
  }

  /** Tells of a request that is gone. Filters do not hold this back, since the state is unknown. */
  delete(request: AccessRequestV3): void {
    for (const [listener, kinds] of this.#open) {
      if (!kinds.some((kind) => named(kind, request))) continue;
      listener(create(EventSchema, {
        Type: Operation.DELETE,
        Resource: {
          case: "ResourceHeader",
          value: {
            Kind: ACCESS_REQUEST,
            Version: "v3",
            Metadata: { Name: request.Metadata?.Name ?? "", Namespace: "default" },
          },
        },
      }));
    }
  }
}

/** The kinds of a watch that can be had: all of them, or those that remain with partial success. */
export function confirmKinds(watch: Watch, checkAccess: CheckKind): WatchKind[] {
  if (watch.Kinds.length === 0) {
    throw new ClusterError("PERMISSION_DENIED", "can't setup global watch");
  }
  const confirmed = watch.Kinds.filter((kind) => {
    try {
      checkKind(kind);
      checkAccess(kind);
      return true;
    } catch (error) {
      if (watch.AllowPartialSuccess && error instanceof ClusterError) return false;
      throw error;
    }
  });
  if (confirmed.length === 0) {
    throw new ClusterError("INVALID_ARGUMENT", "none of the requested kinds can be watched");
  }
  return confirmed;
}

/** INIT, with the confirmed kinds unless the server is to be older than v13. */
export function initEvent(kinds: readonly WatchKind[], withStatus: boolean): Event {
  return create(EventSchema, {
    Type: Operation.INIT,
    ...withStatus && {
      Resource: {
        case: "WatchStatus",
        value: {
          Kind: "watch_status",
          Version: "v1",
          Metadata: { Namespace: "default" },
          Spec: { Kinds: [...kinds] },
        },
      },
    },
  });
}

function checkKind(kind: WatchKind): void {
  if (kind.Kind !== ACCESS_REQUEST) {
    throw new ClusterError(
      "INVALID_ARGUMENT",
      `resource type "${kind.Kind}" is not supported by this event stream`,
    );
  }
  const unknown = Object.keys(kind.Filter).find((key) => !FILTER_KEYS.includes(key));
  if (unknown !== undefined) {
    throw new ClusterError("INVALID_ARGUMENT", `unsupported filter key "${unknown}"`);
  }
}

function named(kind: WatchKind, request: AccessRequestV3): boolean {
  return kind.Name === "" || kind.Name === request.Metadata?.Name;
}

function passes({ Filter: filter }: WatchKind, request: AccessRequestV3): boolean {
  const state = RequestState[request.Spec?.State ?? RequestState.NONE];
  return [["id", request.Metadata?.Name], ["user", request.Spec?.User], ["state", state]]
    .every(([key, value]) => !filter[key ?? ""] || filter[key ?? ""] === value);
}
