/** The context of a call: the caller and the server. */

import type { Event, Watch } from "../../src/teleport/generated/auth_pb.ts";
import type { Sink } from "./grpc_service.ts";
import type { Caller } from "./rbac.ts";
import type { RequestCache } from "./request_cache.ts";

/** The caller's identity and connection. */
export interface CallContext extends Caller {
  readonly remoteAddr: string;
}

/** The parts of the server that methods need beside the cluster. */
export interface AuthHost {
  readonly serverVersion: string;
  readonly advancedAccessWorkflows: boolean;
  readonly proxyPublicAddr: string;
  /** Whether the server is too old for kinds other than access requests. */
  readonly isOld: boolean;
  /** Maximum number of items on a page of rules, resources or access lists. */
  readonly maxPageSize: number;
  /** The server's cache of requests, which may lag behind the cluster. */
  readonly cache: RequestCache;
  /** Sends INIT, possibly delayed, and then events until the stream ends. */
  watch(kinds: Watch["Kinds"], sink: Sink<Event>): void;
}
