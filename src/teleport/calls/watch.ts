/** The watch: a stream of changes in the cluster. */

import { status as Status } from "@grpc/grpc-js";
import type * as grpc from "@grpc/grpc-js";
import type { Runtime } from "../../runtime.ts";
import { type AccessRequest, readAccessRequest } from "../access_request/read.ts";
import { ClusterError } from "../errors.ts";
import { AuthService, type Event, Operation } from "../generated/auth_pb.ts";
import { callStream } from "../grpc/calls.ts";
import { hasStatus } from "../grpc/error.ts";
import { type AccessMonitoringRule, readRule } from "../rules/rule.ts";
import { WatchHandover } from "../watch_handover.ts";
import type { Caller } from "./caller.ts";

const ACCESS_REQUEST = "access_request";
/** The original's limit for the first event, which a server delays while its caches start. */
const INIT_TIMEOUT_MS = 15_000;

/** Kinds that can be watched beside access requests if role and server allow it. */
export type OptionalKind = "access_monitoring_rule";

/** A change of an access request. */
export type RequestEvent =
  | { readonly type: "put"; readonly request: AccessRequest }
  | { readonly type: "delete"; readonly id: string };

/** A change of an access monitoring rule. */
export type RuleEvent =
  | { readonly type: "put-rule"; readonly rule: AccessMonitoringRule }
  | { readonly type: "delete-rule"; readonly name: string };

/**
 * `init` comes first, and again whenever the stream moves to another connection: `kinds` are the optional
 * kinds that are watched. Changes before `init` must be listed.
 */
export type WatchEvent<K extends OptionalKind = never> =
  | { readonly type: "init"; readonly kinds: readonly K[] }
  | RequestEvent
  | (K extends "access_monitoring_rule" ? RuleEvent : never);

/**
 * The events of access requests and of the kinds in `also`. It ends when the server ends the stream or
 * `signal` is aborted. When the connection is replaced, the stream moves to the new one without a gap.
 *
 * @throws {ClusterError} `denied` when the role may not watch access requests; other kinds are omitted
 */
export async function* watch<K extends OptionalKind>(
  caller: Caller,
  deps: Runtime,
  also: readonly K[],
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<K>> {
  const open = async (ended: AbortSignal) => {
    const { grpc, retired } = await caller.connections.get(ended);
    return { events: partialEvents(grpc, deps, also, ended), retired };
  };
  try {
    yield* new WatchHandover<WatchEvent<K>>({ ...deps, open }).events(signal);
  } catch (error) {
    throw explainRefusedWatch(caller.explain("watch access requests", error));
  }
}

/** Omits kinds that the server refuses: before Teleport 13, one refused kind fails the whole watch. */
async function* partialEvents<K extends OptionalKind>(
  client: grpc.Client,
  deps: Runtime,
  also: readonly K[],
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<K>> {
  let hasBegun = false;
  try {
    for await (const event of eventsOn(client, deps, also, signal)) {
      hasBegun = true;
      yield event;
    }
  } catch (error) {
    const refused = also.filter((kind) => isRefusedFor(error, kind));
    if (hasBegun || refused.length === 0) throw error;
    const others = also.filter((kind) => !refused.includes(kind));
    yield* partialEvents(client, deps, others, signal);
  }
}

/** The events on one connection. */
async function* eventsOn<K extends OptionalKind>(
  client: grpc.Client,
  { clock }: Runtime,
  also: readonly K[],
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<K>> {
  const kinds = [ACCESS_REQUEST, ...also].map((kind) => ({ Kind: kind }));
  const request = { Kinds: kinds, AllowPartialSuccess: true };
  const late = new AbortController();
  const cancelLate = clock.after(INIT_TIMEOUT_MS, () => late.abort());
  const options = { signal: AbortSignal.any([signal, late.signal]) };
  try {
    const stream = callStream(client, AuthService.method.watchEvents, request, options);
    for await (const event of stream) {
      cancelLate();
      const read = readEvent(event, also);
      if (read !== undefined) yield read;
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!late.signal.aborted) throw error;
    const message = "Watcher initialization timed out";
    throw new ClusterError("unavailable", message, { cause: error });
  } finally {
    cancelLate();
  }
}

function readEvent<K extends OptionalKind>(
  { Type: type, Resource: resource }: Event,
  also: readonly K[],
): WatchEvent<K> | undefined {
  if (type === Operation.INIT) return readInit(resource, also);
  if (type === Operation.PUT && resource.case === "AccessRequest") {
    const request = readAccessRequest(resource.value);
    return request && { type: "put", request };
  }
  const asked: readonly OptionalKind[] = also;
  const hasRules = asked.includes("access_monitoring_rule");
  if (type === Operation.PUT && resource.case === "AccessMonitoringRule" && hasRules) {
    const rule = readRule(resource.value);
    return rule && { type: "put-rule", rule } as WatchEvent<K>;
  }
  if (type === Operation.DELETE && resource.case === "ResourceHeader") {
    const { Kind: kind, Metadata: metadata } = resource.value;
    const name = metadata?.Name ?? "";
    if (name === "") return undefined;
    if (kind === ACCESS_REQUEST) return { type: "delete", id: name };
    if (kind === "access_monitoring_rule" && hasRules) {
      return { type: "delete-rule", name } as WatchEvent<K>;
    }
  }
  // Kinds that newer servers send unrequested, and events without a resource.
  return undefined;
}

function readInit<K extends OptionalKind>(
  resource: Event["Resource"],
  also: readonly K[],
): WatchEvent<K> {
  // Servers before v13 send no status; they would have refused the watch instead.
  if (resource.case !== "WatchStatus") return { type: "init", kinds: also };
  const confirmed = (resource.value.Spec?.Kinds ?? []).map(({ Kind: kind }) => kind);
  if (!confirmed.includes(ACCESS_REQUEST)) throw watchNotAllowed();
  return { type: "init", kinds: also.filter((kind) => confirmed.includes(kind)) };
}

/** Whether the server refuses the watch because of this kind. */
function isRefusedFor(error: unknown, kind: string): boolean {
  return (hasStatus(error, Status.INVALID_ARGUMENT) ||
    hasStatus(error, Status.PERMISSION_DENIED)) &&
    error instanceof Error && error.message.includes(`"${kind}"`);
}

function watchNotAllowed(): ClusterError {
  return new ClusterError(
    "denied",
    "Cannot watch access requests: the server does not confirm the watch. The role needs the verbs " +
      "'list' and 'read' on 'access_request'",
  );
}

/** Some refusals of a watch mean a missing permission, others are only transient failures. */
function explainRefusedWatch(error: ClusterError): ClusterError {
  if (/none of the requested kinds can be watched/.test(error.message)) return watchNotAllowed();
  // Older servers report "buffer overflow" as INVALID_ARGUMENT.
  return error.kind === "invalid"
    ? new ClusterError("unavailable", error.message, { cause: error })
    : error;
}
