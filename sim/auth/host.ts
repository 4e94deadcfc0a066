/** What the methods of the server know of a call, and of the server that it came to. */

import type { Event, Watch } from "../../src/teleport/generated/auth_pb.ts";
import type { Sink } from "./grpc_service.ts";
import type { Caller } from "./rbac.ts";
import type { RequestCache } from "./request_cache.ts";

/** Who made a call, and from where. */
export interface CallContext extends Caller {
  readonly remoteAddr: string;
}

/** The part of the server that the methods need beside the cluster. */
export interface AuthHost {
  readonly serverVersion: string;
  readonly advancedAccessWorkflows: boolean;
  readonly proxyPublicAddr: string;
  /** Whether the server is too old for more than access requests. */
  readonly isOld: boolean;
  /** Most items on a page of rules, resources or access lists, whatever the client asks for. */
  readonly maxPageSize: number;
  /** The server's cache of requests, which may lag behind the cluster. */
  readonly cache: RequestCache;
  /** Sends INIT, perhaps later, and then what happens, until the stream ends. */
  watch(kinds: Watch["Kinds"], sink: Sink<Event>): void;
}
