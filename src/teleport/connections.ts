/** The connection in use: made on first use, shared by all calls, and replaced on demand. */

import { DecorrelatedBackoff } from "../backoff.ts";
import { pause } from "../clock.ts";
import { orAborted } from "../abort.ts";
import type { Runtime } from "../runtime.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionSource } from "./calls/caller.ts";
import { ClusterError } from "./errors.ts";

/** Delay between failed attempts, which are made one at a time for all waiting calls. */
const BACKOFF_MS = { base: 50, cap: 5_000 };

/** How connections are made, and who is notified of them. */
export interface ConnectionsDeps extends Runtime {
  /**
   * Makes a connection.
   *
   * @throws {ClusterError}
   */
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  /** Called after each new connection. */
  readonly onConnected?: (connection: Connection) => void;
}

/**
 * Keeps at most one connection in use:
 *
 * - none: the next call makes one
 * - connecting: calls wait for the same attempt
 * - connected: calls use it until it is retired
 * - replacing: calls use the old connection until the new one is made
 * - closed: every call fails
 */
export class Connections implements ConnectionSource, Disposable {
  #current: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  readonly #backoff: DecorrelatedBackoff;
  #notBeforeMs = 0;
  readonly #closed = new AbortController();
  /** Replaced connections with open streams. */
  readonly #leaving = new Set<Connection>();

  constructor(private readonly deps: ConnectionsDeps) {
    this.#backoff = new DecorrelatedBackoff(BACKOFF_MS.base, BACKOFF_MS.cap, deps.random);
  }

  /** The connection in use; undefined when there is none. */
  get current(): Connection | undefined {
    return this.#current?.retired.aborted === false ? this.#current : undefined;
  }

  /**
   * The connection in use, or a new one.
   *
   * @throws {ClusterError} when connecting fails or `signal` is aborted
   */
  async get(signal: AbortSignal): Promise<Connection> {
    if (signal.aborted) throw cancelled();
    const { current } = this;
    if (current !== undefined) return current;
    return await orAborted(this.#connect(), signal).catch((error) => {
      throw signal.aborted ? cancelled() : error;
    });
  }

  /**
   * Makes a new connection beside the one in use, which is retired once the new one is made.
   *
   * @throws {ClusterError} when connecting fails
   */
  async replace(): Promise<Connection> {
    return await this.#connect();
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#current?.destroy();
    for (const connection of this.#leaving) connection.destroy();
  }

  /** Joins the attempt in progress, or starts one. */
  #connect(): Promise<Connection> {
    this.#connecting ??= this.#attempt().finally(() => this.#connecting = undefined);
    return this.#connecting;
  }

  async #attempt(): Promise<Connection> {
    const { clock, connect, log } = this.deps;
    // Bounded, in case the clock was set back.
    const waitMs = Math.min(this.#notBeforeMs - clock.now(), BACKOFF_MS.cap);
    if (waitMs > 0) await pause(clock, waitMs, this.#closed.signal);
    if (this.#closed.signal.aborted) throw closed();
    let connection: Connection;
    try {
      connection = await connect(this.#closed.signal);
    } catch (error) {
      this.#notBeforeMs = clock.now() + this.#backoff.next();
      throw error;
    }
    if (this.#closed.signal.aborted) {
      connection.destroy();
      throw closed();
    }
    this.#backoff.reset();
    const { method, credentials } = connection;
    log.debug("Connected to the cluster", {
      via: method,
      user: credentials.subject,
      credentials_until: new Date(credentials.notAfterMs).toISOString(),
    });
    const old = this.#current;
    this.#current = connection;
    this.deps.onConnected?.(connection);
    if (old !== undefined) this.#retire(old);
    return connection;
  }

  #retire(old: Connection): void {
    old.retire();
    this.#leaving.add(old);
    old.onClosed(() => this.#leaving.delete(old));
  }
}

function cancelled(): ClusterError {
  return new ClusterError("unavailable", "the call was cancelled");
}

function closed(): ClusterError {
  return new ClusterError("unavailable", "the connection to the cluster is no longer in use");
}
