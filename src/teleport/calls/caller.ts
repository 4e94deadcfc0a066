/** What all calls of the cluster have in common: connection, deadline, errors, paging. */

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

/** For calls about one thing. */
export const CALL_TIMEOUT_MS = 10_000;
/** Listings may be long, and an auth server that has just started is slow. */
export const LIST_TIMEOUT_MS = 60_000;
/** After that a call is tried again: in a rolling upgrade the next auth server may know it. */
const UNSUPPORTED_FOR_MS = 10 * 60_000;
/** More than any cluster has at one item a page; a listing that never ends must not fill the memory. */
const MAX_PAGES = 20_000;

/** Where the connections for calls come from. */
export interface ConnectionSource {
  /**
   * The one that new calls go over.
   *
   * @throws {ClusterError}
   */
  get(signal: AbortSignal): Promise<Connection>;
}

export interface CallOptions {
  /** What is tried, for the message of an error: `ping the server`. */
  readonly action: string;
  /** @default CALL_TIMEOUT_MS */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** One page of a listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** What the request for the next page is to hold, "" after the last page. */
  readonly next: string;
}

/** Makes calls over the connection that is in use. All methods reject with `ClusterError`. */
export class Caller {
  /** When a call was last answered with UNIMPLEMENTED; one warning for each. */
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
      const { grpc } = await this.connections.get(signal);
      return await callUnary(grpc, method, request, { timeoutMs, signal });
    } catch (error) {
      throw this.explain(action, error);
    }
  }

  /** The messages of an answer stream. */
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

  /** Every item of a listing; `fetch` makes the call for the page that a token stands for, "" = first. */
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

  /** Makes a call that not every server knows; undefined when this one does not. */
  async optional<T>(name: string, call: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this.runtime;
    const askedMs = this.#unsupported.get(name);
    const ageMs = askedMs === undefined ? Infinity : clock.now() - askedMs;
    // Negative when the clock was set back.
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

  /** The error that a caller of ours gets. */
  explain(action: string, error: unknown): ClusterError {
    return toClusterError(error, { action, address: this.address });
  }
}
