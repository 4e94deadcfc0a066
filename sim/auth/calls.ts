/** The pipeline of a call in the simulated auth server: count, delay, inject faults, answer. */

import * as grpc from "@grpc/grpc-js";
import { AuthFaults, InjectedFault } from "./faults.ts";
import type { CallContext } from "./host.ts";
import { ClusterError } from "./cluster_error.ts";
import {
  type Handlers,
  isStreaming,
  type MethodName,
  METHODS,
  type Sink,
  type StatusName,
} from "./grpc_service.ts";
import { Timers } from "../cluster/timers.ts";

type UnaryCall = grpc.ServerUnaryCall<unknown, unknown>;
type StreamCall = grpc.ServerWritableStream<unknown, unknown>;
/** A handler without its types, because its name is known only at run time. */
type AnyHandler = (request: unknown, context: CallContext, sink?: Sink<unknown>) => unknown;

/** The part of call handling that is the same for all methods. */
export abstract class AuthCalls extends AuthFaults {
  protected readonly timers: Timers = new Timers();

  /** The server's version, sent with every answer. */
  abstract serverVersion: string;

  /** Whether the client's version is accepted. */
  protected abstract admit(metadata: grpc.Metadata): boolean;

  /** Breaks the connection of a call. */
  protected abstract disconnect(context: CallContext): void;

  /** The handlers in the form that grpc-js expects. */
  protected implementation(handlers: Handlers<CallContext>): grpc.UntypedServiceImplementation {
    return Object.fromEntries([...METHODS.keys()].map((name) => {
      const handler = handlers[name] as AnyHandler;
      return [
        name,
        isStreaming(name)
          ? (call: StreamCall) => void this.#stream(name, handler, call)
          : (call: UnaryCall, callback: grpc.sendUnaryData<unknown>) =>
            void this.#answer(name, handler, call, callback),
      ];
    }));
  }

  async #answer(
    name: MethodName,
    handler: AnyHandler,
    call: UnaryCall,
    callback: grpc.sendUnaryData<unknown>,
  ): Promise<void> {
    try {
      const context = await this.#begin(name, call);
      const answer = handler(call.request, context);
      this.checkAfter(name);
      callback(null, answer);
    } catch (error) {
      callback(statusOf(error));
    }
  }

  async #stream(name: MethodName, handler: AnyHandler, call: StreamCall): Promise<void> {
    const sink = new StreamSink(call, () => this.checkAfter(name));
    try {
      const context = await this.#begin(name, call);
      if (!call.cancelled) handler(call.request, context, sink);
    } catch (error) {
      sink.failWith(error);
    }
  }

  async #begin(name: MethodName, call: UnaryCall | StreamCall): Promise<CallContext> {
    this.countCall(name);
    const context = contextOf(call);
    if (!this.admit(call.metadata)) {
      // The client mostly sees the broken connection and not the status (teleport-protocol.md
      // §4.2).
      setImmediate(() => this.disconnect(context));
      throw new ClusterError("PERMISSION_DENIED", "client version is unsupported");
    }
    const header = new grpc.Metadata();
    header.set("version", this.serverVersion);
    call.sendMetadata(header);
    await this.timers.pause(this.delayOf(name));
    this.checkBefore(name);
    return context;
  }
}

/** One answer stream; messages after its end are dropped. */
class StreamSink implements Sink<unknown> {
  readonly #onClose: (() => void)[] = [];
  #closed = false;

  constructor(readonly call: StreamCall, readonly beforeEnd: () => void) {
    // "cancelled" covers clients that disconnect or cancel the call.
    call.on("cancelled", () => this.#close());
    call.on("error", () => this.#close());
  }

  send(message: unknown): void {
    if (!this.#closed) this.call.write(message);
  }

  end(): void {
    if (this.#closed) return;
    try {
      this.beforeEnd();
      this.#close();
      this.call.end();
    } catch (error) {
      this.failWith(error);
    }
  }

  fail(code: StatusName, message: string): void {
    this.failWith(new InjectedFault(code, message));
  }

  failWith(error: unknown): void {
    if (this.#closed) return;
    this.#close();
    this.call.emit("error", statusOf(error));
  }

  onClose(callback: () => void): void {
    if (this.#closed) callback();
    else this.#onClose.push(callback);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const callback of this.#onClose) callback();
  }
}

function statusOf(error: unknown): grpc.ServerErrorResponse {
  const code = error instanceof ClusterError || error instanceof InjectedFault
    ? grpc.status[error.code]
    : grpc.status.INTERNAL;
  const details = error instanceof Error ? error.message : String(error);
  return Object.assign(new Error(details), { code, details });
}

/** CN and Os of the client certificate are the user and its roles (teleport-protocol.md §3.4). */
function contextOf(call: UnaryCall | StreamCall): CallContext {
  const subject = call.getAuthContext().sslPeerCertificate?.subject;
  if (!subject) throw new ClusterError("PERMISSION_DENIED", "missing authentication");
  return {
    user: String(subject.CN),
    // One O is a string, several are a list.
    roles: [subject.O ?? []].flat(),
    remoteAddr: call.getPeer(),
  };
}
