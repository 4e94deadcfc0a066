/** The calls of a Teleport cluster that the program needs, typed and with our errors. */

import { status as Status } from "@grpc/grpc-js";
import type * as grpc from "@grpc/grpc-js";
import type { Runtime } from "../runtime.ts";
import { type AccessRequest, readAccessRequest } from "./access_request/read.ts";
import { callStream, callUnary } from "./grpc/calls.ts";
import type { Connection } from "./connection.ts";
import { ClusterError } from "./errors.ts";
import { AuthService, type Event, Operation } from "./generated/auth_pb.ts";
import type { AccessRequestV3 } from "./generated/types_pb.ts";
import { hasStatus, toClusterError } from "./grpc/error.ts";
import { readRole, type Role } from "./permissions.ts";
import { WatchHandover } from "./watch_handover.ts";

const ACCESS_REQUEST = "access_request";
/** The name under which our entry stands in plugin data, as the original's. */
const PLUGIN = "email";
const CALL_TIMEOUT_MS = 10_000;
/** Listings may be long, and an auth server that has just started is slow. */
const LIST_TIMEOUT_MS = 60_000;
/** The original's bound on the first event; a server whose caches start takes its time. */
const INIT_TIMEOUT_MS = 15_000;
/** Below the server's limit of 16000 and its default of 1000 (teleport-protocol.md §5.2). */
const PAGE_SIZE = 500;
/** After that a call is tried again: in a rolling upgrade the next auth server may know it. */
const UNSUPPORTED_FOR_MS = 10 * 60_000;

/** What the server says of itself. */
export interface ServerInfo {
  readonly clusterName: string;
  readonly version: string;
  /** `host:port` of the proxy, "" when it has no public address. */
  readonly proxyPublicAddr: string;
  /**
   * Whether requests have a page in the web UI that mails can link to (teleport-protocol.md §6).
   */
  readonly advancedAccessWorkflows: boolean;
}

export type WatchEvent =
  | { readonly type: "init" }
  | { readonly type: "put"; readonly request: AccessRequest }
  | { readonly type: "delete"; readonly id: string };

type Entry = Readonly<Record<string, string>>;

/** Where the connections for calls come from. */
export interface ConnectionSource {
  /** The one that new calls go over. Rejects with `ClusterError`. */
  get(signal: AbortSignal): Promise<Connection>;
}

/** Every method rejects with {@linkcode ClusterError}. */
export class TeleportClient {
  /** When a call was last answered with UNIMPLEMENTED; one warning for each. */
  readonly #unsupported = new Map<string, number>();

  /** `address` is the configured one, for error messages. */
  constructor(
    private readonly address: string,
    private readonly connections: ConnectionSource,
    private readonly deps: Runtime & {
      /** For tests. */
      readonly initTimeoutMs?: number;
    },
  ) {}

  async ping(signal: AbortSignal): Promise<ServerInfo> {
    const response = await this.#try(
      "ping the server",
      async () => {
        const { grpc } = await this.connections.get(signal);
        const options = { timeoutMs: CALL_TIMEOUT_MS, signal };
        return await callUnary(grpc, AuthService.method.ping, {}, options);
      },
    );
    return {
      clusterName: response.ClusterName,
      version: response.ServerVersion,
      proxyPublicAddr: response.ProxyPublicAddr,
      advancedAccessWorkflows: response.ServerFeatures?.AdvancedAccessWorkflows ?? false,
    };
  }

  /**
   * The events of access requests, `init` first; ends when the server ends the stream. When the
   * connection is replaced, the stream moves over to the new one without a gap, and `init` comes again:
   * what happened between is to be listed.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const open = async (ended: AbortSignal) => {
      const { grpc, retired } = await this.connections.get(ended);
      return { events: this.#events(grpc, ended), retired };
    };
    try {
      yield* new WatchHandover({ ...this.deps, open }).events(signal);
    } catch (error) {
      throw explainRefusedWatch(this.#explain("watch access requests", error));
    }
  }

  /** The events on one connection. */
  async *#events(client: grpc.Client, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const request = { Kinds: [{ Kind: ACCESS_REQUEST }], AllowPartialSuccess: true };
    const late = new AbortController();
    const { clock, initTimeoutMs = INIT_TIMEOUT_MS } = this.deps;
    const cancelLate = clock.after(initTimeoutMs, () => late.abort());
    const options = { signal: AbortSignal.any([signal, late.signal]) };
    try {
      for await (
        const event of callStream(client, AuthService.method.watchEvents, request, options)
      ) {
        cancelLate();
        const read = this.#readEvent(event);
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

  #readEvent(event: Event): WatchEvent | undefined {
    const { Type: type, Resource: resource } = event;
    if (type === Operation.INIT) {
      // Servers before v13 send no status, and would have refused what they do not confirm.
      const kinds = resource.case === "WatchStatus" ? resource.value.Spec?.Kinds : undefined;
      if (kinds?.every((kind) => kind.Kind !== ACCESS_REQUEST)) throw watchNotAllowed();
      return { type: "init" };
    }
    if (type === Operation.PUT && resource.case === "AccessRequest") {
      const request = readAccessRequest(resource.value);
      return request && { type: "put", request };
    }
    if (type === Operation.DELETE && resource.case === "ResourceHeader") {
      const { Kind: kind, Metadata: metadata } = resource.value;
      const id = metadata?.Name ?? "";
      return kind === ACCESS_REQUEST && id !== "" ? { type: "delete", id } : undefined;
    }
    // Kinds that newer servers send unasked, and events without a resource.
    return undefined;
  }

  /** Every access request; undefined when the server knows neither call for it. */
  async listRequests(signal: AbortSignal): Promise<readonly AccessRequest[] | undefined> {
    const action = "list access requests";
    const stream = () => this.#streamRequests(signal);
    const page = () => this.#pageRequests(signal);
    return await this.#optional(action, "GetAccessRequestsV2", stream) ??
      await this.#optional(action, "ListAccessRequests", page);
  }

  /** Each message is read as it comes: thousands of them take much more memory than what is read. */
  async #streamRequests(signal: AbortSignal): Promise<AccessRequest[]> {
    const options = { timeoutMs: LIST_TIMEOUT_MS, signal };
    const { grpc } = await this.connections.get(signal);
    const requests: AccessRequest[] = [];
    const stream = callStream(grpc, AuthService.method.getAccessRequestsV2, {}, options);
    for await (const message of stream) requests.push(...readAll([message]));
    return requests;
  }

  async #pageRequests(signal: AbortSignal): Promise<AccessRequest[]> {
    const options = { timeoutMs: LIST_TIMEOUT_MS, signal };
    const method = AuthService.method.listAccessRequests;
    const requests: AccessRequest[] = [];
    let key = "";
    do {
      const request = { Filter: {}, Limit: PAGE_SIZE, StartKey: key };
      const { grpc } = await this.connections.get(signal);
      const page = await callUnary(grpc, method, request, options);
      requests.push(...readAll(page.AccessRequests));
      key = page.NextKey;
    } while (key !== "");
    return requests;
  }

  /** The roles of our user; undefined when the server is too old to tell. */
  async currentRoles(signal: AbortSignal): Promise<readonly Role[] | undefined> {
    return await this.#optional("read its own roles", "GetCurrentUserRoles", async () => {
      const options = { timeoutMs: CALL_TIMEOUT_MS, signal };
      const { grpc } = await this.connections.get(signal);
      const stream = callStream(grpc, AuthService.method.getCurrentUserRoles, {}, options);
      const roles: Role[] = [];
      for await (const role of stream) roles.push(readRole(role));
      return roles;
    });
  }

  /** Our entry in every record, by request id. */
  async listRecords(signal: AbortSignal): Promise<ReadonlyMap<string, Entry>> {
    return await this.#readRecords("", { timeoutMs: LIST_TIMEOUT_MS, signal });
  }

  /** Our entry in the record of one request, empty when there is none. */
  async readRecord(id: string, signal: AbortSignal): Promise<Entry> {
    const records = await this.#readRecords(id, { timeoutMs: CALL_TIMEOUT_MS, signal });
    return records.get(id) ?? {};
  }

  async #readRecords(
    id: string,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Map<string, Entry>> {
    const filter = { Kind: ACCESS_REQUEST, Resource: id, Plugin: PLUGIN };
    const response = await this.#try(
      "read plugin data",
      async () => {
        const { grpc } = await this.connections.get(options.signal);
        return await callUnary(grpc, AuthService.method.getPluginData, filter, options);
      },
    );
    return new Map(
      response.PluginData.map((data) => [
        data.Metadata?.Name ?? "",
        data.Spec?.Entries[PLUGIN]?.Data ?? {},
      ]),
    );
  }

  /**
   * Compare-and-set on our entry (teleport-protocol.md §5.3): sets the keys of `set`, "" deletes,
   * if every key of `expect` has the value given there, "" for absent. `expect` must not be empty:
   * Teleport takes that for no condition at all.
   */
  async writeRecord(
    id: string,
    set: Entry,
    expect: Entry,
    signal: AbortSignal,
  ): Promise<"written" | "conflict" | "missing"> {
    const params = { Kind: ACCESS_REQUEST, Resource: id, Plugin: PLUGIN, Set: set, Expect: expect };
    const options = { timeoutMs: CALL_TIMEOUT_MS, signal };
    try {
      const { grpc } = await this.connections.get(signal);
      await callUnary(grpc, AuthService.method.updatePluginData, params, options);
      return "written";
    } catch (error) {
      if (hasStatus(error, Status.FAILED_PRECONDITION)) return "conflict";
      if (hasStatus(error, Status.NOT_FOUND)) return "missing";
      throw this.#explain("write plugin data", error);
    }
  }

  /** Makes a call that not every server knows; undefined when this one does not. */
  async #optional<T>(action: string, name: string, call: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this.deps;
    const askedMs = this.#unsupported.get(name);
    const ageMs = askedMs === undefined ? Infinity : clock.now() - askedMs;
    // Negative when the clock was set back.
    if (ageMs >= 0 && ageMs < UNSUPPORTED_FOR_MS) return undefined;
    try {
      const result = await this.#try(action, call);
      if (this.#unsupported.delete(name)) log.info("Server supports the call now", { call: name });
      return result;
    } catch (error) {
      if (!(error instanceof ClusterError) || error.kind !== "unsupported") throw error;
      if (askedMs === undefined) {
        log.warn("The server does not know a call, doing without", { call: name });
      }
      this.#unsupported.set(name, clock.now());
      return undefined;
    }
  }

  async #try<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#explain(action, error);
    }
  }

  #explain(action: string, error: unknown): ClusterError {
    return toClusterError(error, { action, address: this.address });
  }
}

function readAll(messages: readonly AccessRequestV3[]): AccessRequest[] {
  return messages.flatMap((message) => readAccessRequest(message) ?? []);
}

function watchNotAllowed(): ClusterError {
  return new ClusterError(
    "denied",
    "Cannot watch access requests: the server does not confirm the watch. The role needs the verbs " +
      "'list' and 'read' on 'access_request'",
  );
}

/** The server's refusals of a watch hide that a permission is missing, or are no refusals at all. */
function explainRefusedWatch(error: ClusterError): ClusterError {
  if (/none of the requested kinds can be watched/.test(error.message)) return watchNotAllowed();
  // "buffer overflow" comes as INVALID_ARGUMENT from older servers (teleport-protocol.md §5.1).
  return error.kind === "invalid"
    ? new ClusterError("unavailable", error.message, { cause: error })
    : error;
}
