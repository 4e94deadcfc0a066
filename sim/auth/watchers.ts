/**
 * Watch subscriptions: confirmed kinds, and the dispatch of events (teleport-protocol.md
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
  type AccessMonitoringRule,
  AccessMonitoringRuleSchema,
} from "../../src/teleport/generated/access_monitoring_rules_pb.ts";
import {
  type AccessRequestV3,
  AccessRequestV3Schema,
  RequestState,
  type WatchKind,
} from "../../src/teleport/generated/types_pb.ts";
import { ClusterError } from "./cluster_error.ts";
import { ACCESS_MONITORING_RULE, ACCESS_REQUEST } from "./rbac.ts";

const WATCHABLE = [ACCESS_REQUEST, ACCESS_MONITORING_RULE];

/** Throws unless the caller may read the watched kind. */
export type CheckKind = (kind: WatchKind) => void;
/** Receives the events of a watch. */
export type Listener = (event: Event) => void;

const FILTER_KEYS = ["id", "user", "state"];

/** The open watches of a cluster. */
export class Watchers {
  readonly #open = new Map<Listener, readonly WatchKind[]>();

  /** The number of open watches. */
  get size(): number {
    return this.#open.size;
  }

  /** Starts a watch of confirmed kinds; the result ends it. Earlier events are not replayed. */
  subscribe(kinds: readonly WatchKind[], listener: Listener): () => void {
    this.#open.set(listener, kinds);
    return () => void this.#open.delete(listener);
  }

  /** Reports a new or changed request. */
  put(request: AccessRequestV3): void {
    for (const [listener, kinds] of this.#open) {
      const id = request.Metadata?.Name ?? "";
      const isWatched = kinds.some((kind) =>
        isOf(kind, ACCESS_REQUEST, id) && passes(kind, request)
      );
      if (!isWatched) continue;
      const value = clone(AccessRequestV3Schema, request);
      listener(create(EventSchema, {
        Type: Operation.PUT,
        Resource: { case: "AccessRequest", value },
      }));
    }
  }

  /** Reports a deleted request. Filters do not apply, because the state is unknown. */
  delete(request: AccessRequestV3): void {
    this.#publish(ACCESS_REQUEST, request.Metadata?.Name ?? "", deletion);
  }

  /** Reports a new or changed rule. */
  putRule(rule: AccessMonitoringRule): void {
    const name = rule.metadata?.name ?? "";
    this.#publish(ACCESS_MONITORING_RULE, name, () =>
      create(EventSchema, {
        Type: Operation.PUT,
        Resource: {
          case: "AccessMonitoringRule",
          value: clone(AccessMonitoringRuleSchema, rule),
        },
      }));
  }

  deleteRule(name: string): void {
    this.#publish(ACCESS_MONITORING_RULE, name, deletion);
  }

  /** Sends each listener its own event object. */
  #publish(kind: string, name: string, event: (kind: string, name: string) => Event): void {
    for (const [listener, kinds] of this.#open) {
      if (kinds.some((watched) => isOf(watched, kind, name))) listener(event(kind, name));
    }
  }
}

const VERSIONS: Readonly<Record<string, string>> = {
  [ACCESS_REQUEST]: "v3",
  [ACCESS_MONITORING_RULE]: "v1",
};

function deletion(kind: string, name: string): Event {
  return create(EventSchema, {
    Type: Operation.DELETE,
    Resource: {
      case: "ResourceHeader",
      value: {
        Kind: kind,
        Version: VERSIONS[kind] ?? "",
        Metadata: { Name: name, Namespace: "default" },
      },
    },
  });
}

/**
 * The kinds that can be watched: all of them, or the permitted ones with partial success, which an old
 * server does not support.
 */
export function confirmKinds(watch: Watch, checkAccess: CheckKind, isOld = false): WatchKind[] {
  if (watch.Kinds.length === 0) {
    throw new ClusterError("PERMISSION_DENIED", "can't setup global watch");
  }
  const confirmed = watch.Kinds.filter((kind) => {
    try {
      checkKind(kind, isOld);
      checkAccess(kind);
      return true;
    } catch (error) {
      if (watch.AllowPartialSuccess && !isOld && error instanceof ClusterError) return false;
      throw error;
    }
  });
  if (confirmed.length === 0) {
    throw new ClusterError("INVALID_ARGUMENT", "none of the requested kinds can be watched");
  }
  return confirmed;
}

/** INIT, with the confirmed kinds unless the server simulates a version before v13. */
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

function checkKind(kind: WatchKind, isOld: boolean): void {
  if (isOld ? kind.Kind !== ACCESS_REQUEST : !WATCHABLE.includes(kind.Kind)) {
    throw new ClusterError(
      "INVALID_ARGUMENT",
      `resource type "${kind.Kind}" is not supported by this event stream`,
    );
  }
  if (kind.Kind !== ACCESS_REQUEST) return;
  const unknown = Object.keys(kind.Filter).find((key) => !FILTER_KEYS.includes(key));
  if (unknown !== undefined) {
    throw new ClusterError("INVALID_ARGUMENT", `unsupported filter key "${unknown}"`);
  }
}

function isOf(watched: WatchKind, kind: string, name: string): boolean {
  return watched.Kind === kind && (watched.Name === "" || watched.Name === name);
}

function passes({ Filter: filter }: WatchKind, request: AccessRequestV3): boolean {
  const state = RequestState[request.Spec?.State ?? RequestState.NONE];
  return [["id", request.Metadata?.Name], ["user", request.Spec?.User], ["state", state]]
    .every(([key, value]) => !filter[key ?? ""] || filter[key ?? ""] === value);
}
