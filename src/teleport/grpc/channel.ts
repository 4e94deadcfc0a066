/**
 * A gRPC channel over one stream that we have dialed ourselves. grpc-js would connect by itself, to
 * one address, with ALPN fixed to `h2` and certificates read once (decisions/runtime.md, "gRPC gets
 * its connections from us"); here it never does: when the stream is gone, the channel is of no more
 * use.
 */

import * as grpc from "@grpc/grpc-js";
import type { TLSSocket } from "node:tls";
import { AUTH_SERVER_NAME } from "../dial/direct.ts";
import { changeConnector, DIALED } from "./connector.ts";

/** The server punishes pings more often than once a minute (teleport-protocol.md §2.1). */
export const KEEPALIVE_TIME_MS = 75_000;
/** A dead peer is noticed after both. */
export const KEEPALIVE_TIMEOUT_MS = 30_000;
/** gRPC's default of 4 MiB is too small for a listing of every record. */
const MAX_RECEIVE_BYTES = 64 * 1024 * 1024;

/** What a channel needs to be told besides the stream. */
export interface ChannelOptions {
  readonly keepaliveTimeMs?: number;
  readonly keepaliveTimeoutMs?: number;
  /** What the server may take until it takes part in HTTP/2. */
  readonly readyTimeoutMs?: number;
}

// It would write to stderr past our log, and quote what servers send. Calls fail with the same words.
grpc.setLogVerbosity(grpc.logVerbosity.NONE);

/** Opens a channel over a stream that ends at the auth server, TLS included; it owns the stream. */
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
    // The channel is this stream's alone, and nobody inspects channels.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    "grpc.enable_http_proxy": 0,
    "grpc.enable_retries": 0,
  });
}

type SecureConnector = ReturnType<grpc.ChannelCredentials["_createSecureConnector"]>;

/**
 * Hands the stream over, once. The underscored methods are grpc-js' internal interface; its version is
 * pinned, and `channel_test.ts` fails when it changes.
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
