/**
 * A gRPC channel over one stream that the dialer has connected. grpc-js on its own connects to one
 * address, with ALPN fixed to `h2` and certificates read once (decisions/runtime.md, "gRPC gets
 * its connections from us"). This channel never connects: once the stream has closed, it is unusable.
 */

import * as grpc from "@grpc/grpc-js";
import type { TLSSocket } from "node:tls";
import { AUTH_SERVER_NAME } from "../dial/direct.ts";
import { changeConnector, DIALED } from "./connector.ts";

/**
 * GRPC_ARG_KEEPALIVE_TIME_MS in gRPC Core. The server closes connections that ping more often than once
 * a minute (teleport-protocol.md §2.1).
 */
export const KEEPALIVE_TIME_MS = 75_000;
/** GRPC_ARG_KEEPALIVE_TIMEOUT_MS in gRPC Core; a dead peer is detected after both. */
export const KEEPALIVE_TIMEOUT_MS = 30_000;
/** gRPC's default of 4 MiB is too small for a listing of every record. */
const MAX_RECEIVE_BYTES = 64 * 1024 * 1024;

/** Time limits of a channel, in milliseconds. */
export interface ChannelOptions {
  readonly keepaliveTimeMs?: number;
  readonly keepaliveTimeoutMs?: number;
  /** Time limit for the server's HTTP/2 settings. */
  readonly readyTimeoutMs?: number;
}

// grpc-js would log to stderr, bypassing our log, and quote servers. Failed calls report the same.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

/** Opens a channel over a TLS stream to the auth server, and takes ownership of the stream. */
export function openChannel(
  stream: TLSSocket,
  { keepaliveTimeMs = KEEPALIVE_TIME_MS, keepaliveTimeoutMs = KEEPALIVE_TIMEOUT_MS }:
    ChannelOptions = {},
): grpc.Client {
  changeConnector();
  // The address is never used.
  return new grpc.Client("ipv4:127.0.0.1:9", new StreamCredentials(stream), {
    [DIALED]: 1,
    "grpc.default_authority": AUTH_SERVER_NAME,
    "grpc.primary_user_agent": "teleport-email",
    "grpc.keepalive_time_ms": keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.max_receive_message_length": MAX_RECEIVE_BYTES,
    "grpc.service_config_disable_resolution": 1,
    // The channel belongs to this stream alone, and channelz is not used.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    "grpc.enable_http_proxy": 0,
    "grpc.enable_retries": 0,
  });
}

type SecureConnector = ReturnType<grpc.ChannelCredentials["_createSecureConnector"]>;

/**
 * Passes the stream to grpc-js, once. The underscored methods are grpc-js' internal interface; its version
 * is pinned, and `channel_test.ts` fails when it changes.
 */
class StreamCredentials extends grpc.ChannelCredentials {
  #stream: TLSSocket | undefined;

  constructor(stream: TLSSocket) {
    super();
    this.#stream = stream;
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
      connect: () => {
        const stream = this.#stream;
        this.#stream = undefined;
        return stream === undefined
          ? Promise.reject(new Error("the connection is gone"))
          : Promise.resolve({ socket: stream, secure: true });
      },
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? grpc.CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }
}
