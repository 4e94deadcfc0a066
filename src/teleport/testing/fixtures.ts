/** Fixtures for unit tests: credentials and connections without a network. */

import * as grpc from "@grpc/grpc-js";
import type { Transport } from "@grpc/grpc-js/build/src/transport.js";
import { NOW_MS } from "../../testing/fake_clock.ts";
import type { Connection } from "../connection.ts";
import type { Credentials } from "../credentials.ts";

/** Credentials with placeholders for keys and certificates. */
export function someCredentials(changes: Partial<Credentials> = {}): Credentials {
  return {
    keyPem: "key",
    certPem: "certificate",
    caPems: ["authority"],
    subject: "access-email",
    cluster: "example.com",
    notBeforeMs: NOW_MS,
    notAfterMs: NOW_MS + 3_600_000,
    ...changes,
  };
}

/** A connection without a peer. */
export class FakeConnection implements Connection {
  readonly grpc = new grpc.Client("ipv4:127.0.0.1:9", grpc.credentials.createInsecure());
  readonly transport = {} as Transport;
  readonly method = "direct";
  readonly sinceMs = NOW_MS;
  readonly #retired = new AbortController();
  readonly retired = this.#retired.signal;
  isDestroyed = false;
  #onClosed = () => {};

  constructor(readonly credentials: Credentials = someCredentials()) {}

  retire(): void {
    this.#retired.abort();
    this.grpc.close();
  }

  destroy(): void {
    this.retire();
    this.isDestroyed = true;
    this.#onClosed();
  }

  onClosed(action: () => void): void {
    this.#onClosed = action;
  }
}
