/** A gRPC channel to the auth server whose connections are made by us. */

import * as grpc from "@grpc/grpc-js";
import type { Socket } from "node:net";
import type { Credentials } from "./credentials.ts";
import { AUTH_SERVER_NAME } from "./dial/direct.ts";
import { ClusterError } from "./errors.ts";

/** Makes the secure connection to the auth server over a connected TCP socket. */
export type Dialer = (
  socket: Socket,
  credentials: Credentials,
) => Promise<Socket>;

export interface ConnectorDeps {
  readonly dial: Dialer;
  /** Called for every connection, so that a renewed identity is used by the next one. */
  readonly loadCredentials: () => Promise<Credentials>;
}

type SecureConnector = ReturnType<grpc.ChannelCredentials["_createSecureConnector"]>;

/**
 * Channel credentials that connect our own way: grpc-js fixes ALPN to `h2`, and reads certificates once
 * (deno.md §3). The underscored methods are grpc-js' internal interface; its version is pinned, and
 * `channel_test.ts` fails when it changes.
 */
export class DialingCredentials extends grpc.ChannelCredentials {
  #lastError: ClusterError | undefined;

  constructor(private readonly deps: ConnectorDeps) {
    super();
  }

  /** Why the last connection failed that got as far as TLS. */
  get lastError(): ClusterError | undefined {
    return this.#lastError;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: grpc.ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials?: grpc.CallCredentials,
  ): SecureConnector {
    return {
      connect: async (socket) => ({ socket: await this.#connect(socket), secure: true }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? grpc.CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  async #connect(socket: Socket): Promise<Socket> {
    try {
      return await this.deps.dial(socket, await this.deps.loadCredentials());
    } catch (error) {
      this.#lastError = error instanceof ClusterError
        ? error
        : new ClusterError("other", String(error), { cause: error });
      throw error;
    }
  }
}

/** The server punishes pings more often than once a minute (wire.md §2.1). */
const KEEPALIVE_TIME_MS = 75_000;
const KEEPALIVE_TIMEOUT_MS = 30_000;
/** gRPC's default of 4 MiB is too small for a listing of every record. */
const MAX_RECEIVE_BYTES = 64 * 1024 * 1024;

/** Opens a channel to `host:port`; nothing is sent before the first call. */
export function openChannel(address: string, credentials: DialingCredentials): grpc.Client {
  return new grpc.Client(`dns:///${address}`, credentials, {
    "grpc.default_authority": AUTH_SERVER_NAME,
    "grpc.primary_user_agent": "teleport-email",
    "grpc.keepalive_time_ms": KEEPALIVE_TIME_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_receive_message_length": MAX_RECEIVE_BYTES,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 5_000,
    // The server would have to be asked for each address anew after a change of DNS.
    "grpc.dns_min_time_between_resolutions_ms": 1_000,
    "grpc.service_config_disable_resolution": 1,
    // Every connection is our own; none is shared with another client of the process.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
  });
}
