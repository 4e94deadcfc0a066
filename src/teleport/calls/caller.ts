/** The common part of all calls to the cluster: connection, deadline, errors, paging. */

import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Runtime } from "../../runtime.ts";
import type { Connection } from "../connection.ts";
import { ClusterError } from "../errors.ts";
import { callStream, callUnary } from "../grpc/calls.ts";
import { toClusterError } from "../grpc/error.ts";

/** Deadline of calls about a single object. */
export const CALL_TIMEOUT_MS = 10_000;
/** Deadline of listings, which may be long; an auth server that has just started is slow. */
export const LIST_TIMEOUT_MS = 60_000;
/** An unsupported call is retried after this time: during a rolling upgrade, servers differ. */
const UNSUPPORTED_FOR_MS = 10 * 60_000;
/** More pages than any real listing has; a listing without end must not exhaust the memory. */
const MAX_PAGES = 20_000;

/** Provides the connections for calls. */
export interface ConnectionSource {
  /**
   * The connection for new calls.
   *
   * @throws {ClusterError}
   */
  get(signal: AbortSignal): Promise<Connection>;
}

/** Deadline and cancellation of a call, and its name in error messages. */
export interface CallOptions {
  /** What the call does, for error messages: `ping the server`. */
  readonly action: string;
  /** @default CALL_TIMEOUT_MS */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** One page of a listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The token that requests the next page, "" after the last page. */
  readonly next: string;
}

/**
 * Makes calls over the connection in use.
 *
 * @throws {ClusterError} from all methods, with one line that names action, address and cause
 */
export class Caller {
  /** When each call last failed with UNIMPLEMENTED; one warning is logged for each. */
  readonly #unsupported = new Map<string, number>();

  /** `address` is the configured one, for error messages. */
  constructor(
    private readonly address: string,
    readonly connections: ConnectionSource,
    private readonly runtime: Runtime,
  ) {}

  /** Makes a unary call. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    { action, timeoutMs = CALL_TIMEOUT_MS, signal }: CallOptions,
  ): Promise<MessageShape<O>> {
    try {
      const { transport } = await this.connections.get(signal);
      return await callUnary(transport, method, request, { timeoutMs, signal });
    } catch (error) {
      throw this.explain(action, error);
    }
  }

  /** The messages of a server stream. */
  async *stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    { action, timeoutMs = LIST_TIMEOUT_MS, signal }: CallOptions,
  ): AsyncGenerator<MessageShape<O>> {
    try {
      const { grpc } = await this.connections.get(signal);
      yield* callStream(grpc, method, request, { timeoutMs, signal });
    } catch (error) {
      throw this.explain(action, error);
    }
  }

  /** Every item of a listing; `fetch` requests the page of a token, "" = the first page. */
  async pages<T>(action: string, fetch: (token: string) => Promise<Page<T>>): Promise<T[]> {
    const items: T[] = [];
    let token = "";
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page = await fetch(token);
      for (const item of page.items) items.push(item);
      if (page.next === "") return items;
      if (page.next === token) break;
      token = page.next;
    }
    const message = `Cannot ${action} at '${this.address}': the server sends pages without end`;
    throw new ClusterError("other", message);
  }

  /** Makes a call that not every server supports; undefined when this server does not. */
  async optional<T>(name: string, call: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this.runtime;
    const askedMs = this.#unsupported.get(name);
    const ageMs = askedMs === undefined ? Infinity : clock.now() - askedMs;
    // The age is negative after the clock was set back.
    if (ageMs >= 0 && ageMs < UNSUPPORTED_FOR_MS) return undefined;
    try {
      const result = await call();
      if (this.#unsupported.delete(name)) log.info("Server supports the call now", { call: name });
      return result;
    } catch (error) {
      if (!(error instanceof ClusterError) || error.kind !== "unsupported") throw error;
      if (askedMs === undefined) {
        log.warn("Server does not support a call, continuing without it", { call: name });
      }
      this.#unsupported.set(name, clock.now());
      return undefined;
    }
  }

  /** Maps an error of a call to the error that callers receive. */
  explain(action: string, error: unknown): ClusterError {
    return toClusterError(error, { action, address: this.address });
  }
}
