/** Typed gRPC calls from generated method descriptions, with deadlines and abort signals. */

import { Buffer } from "node:buffer";
import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { status as Status } from "@grpc/grpc-js";
import type { Transport } from "@grpc/grpc-js/build/src/transport.js";
import { systemClock } from "../../clock.ts";
import { reasonOf } from "../../text.ts";
import { AUTH_SERVER_NAME } from "../dial/direct.ts";

type Listener = Parameters<Transport["createCall"]>[3];

function path(method: { readonly name: string; readonly parent: { readonly typeName: string } }) {
  return `/${method.parent.typeName}/${method.name}`;
}

function encode<I extends DescMessage>(schema: I, init: MessageInitShape<I>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, init)));
}

/** The prefix of a message: whether it is compressed, and its length in four bytes. */
const PREFIX_BYTES = 5;

function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/**
 * Makes a unary call on the HTTP/2 session itself. A call through the channel above it costs twice the
 * processor time: resolving, balancing and retries, none of which a channel over one stream has.
 *
 * @throws {CallError} status CANCELLED when `signal` is aborted
 */
export function callUnary<I extends DescMessage, O extends DescMessage>(
  transport: Transport,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    const message = toBinary(method.input, create(method.input, request));
    let response: Buffer | undefined;
    const end = (status: Pick<grpc.StatusObject, "code" | "details">) => {
      cancelDeadline();
      signal.removeEventListener("abort", cancel);
      try {
        resolve(read(method.output, status, response));
      } catch (error) {
        reject(error);
      }
    };
    const listener = {
      onReceiveMetadata: () => {},
      onReceiveMessage: (framed: Buffer) => response = framed,
      onReceiveStatus: end,
    };
    const call = start(transport, path(method), timeLimit(timeoutMs), listener);
    const cancel = () => call.cancelWithStatus(Status.CANCELLED, "Cancelled on client");
    const cancelDeadline = systemClock.after(
      timeoutMs,
      () => call.cancelWithStatus(Status.DEADLINE_EXCEEDED, "Deadline exceeded"),
    );
    call.startRead();
    call.sendMessageWithContext({}, frame(message));
    call.halfClose();
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel);
  });
}

/** Metadata with a time limit; a call only reads it, so that calls share it. */
const timeLimits = new Map<number, grpc.Metadata>();

function timeLimit(timeoutMs: number): grpc.Metadata {
  let metadata = timeLimits.get(timeoutMs);
  if (metadata === undefined) {
    metadata = new grpc.Metadata();
    metadata.set("grpc-timeout", `${timeoutMs}m`);
    timeLimits.set(timeoutMs, metadata);
  }
  return metadata;
}

function start(transport: Transport, method: string, metadata: grpc.Metadata, listener: Listener) {
  try {
    return transport.createCall(metadata, AUTH_SERVER_NAME, method, listener, {});
  } catch (error) {
    throw new CallError(Status.UNAVAILABLE, reasonOf(error));
  }
}

function read<O extends DescMessage>(
  schema: O,
  { code, details }: Pick<grpc.StatusObject, "code" | "details">,
  response: Buffer | undefined,
): MessageShape<O> {
  if (code !== Status.OK) throw new CallError(code, details);
  if (response === undefined) throw new CallError(Status.UNIMPLEMENTED, "No message received");
  // Servers may compress for clients that accept it; we do not.
  if (response[0] !== 0) throw new CallError(Status.INTERNAL, "Received a compressed message");
  try {
    return fromBinary(schema, response.subarray(PREFIX_BYTES));
  } catch (error) {
    throw new CallError(Status.INTERNAL, `Response message parsing error: ${reasonOf(error)}`);
  }
}

/**
 * The messages of a server stream until it ends.
 *
 * @throws {Error} grpc-js' `ServiceError`; status CANCELLED when `signal` is aborted, because the messages
 *   so far are incomplete
 */
export async function* callStream<I extends DescMessage, O extends DescMessage>(
  client: grpc.Client,
  method: DescMethodServerStreaming<I, O>,
  request: MessageInitShape<I>,
  { timeoutMs, signal }: { readonly timeoutMs?: number; readonly signal: AbortSignal },
): AsyncGenerator<MessageShape<O>> {
  const call = client.makeServerStreamRequest(
    path(method),
    (init: MessageInitShape<I>) => encode(method.input, init),
    (bytes) => fromBinary(method.output, bytes),
    request,
    new grpc.Metadata(),
    timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
  );
  // The loop below handles errors, but not an error after its end.
  call.on("error", () => {});
  const cancel = () => call.cancel();
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel);
  try {
    for await (const message of call) yield message as MessageShape<O>;
    // The server's end of the stream may have overtaken the cancellation.
    if (signal.aborted) throw new CallError(Status.CANCELLED, "Cancelled on client");
  } finally {
    signal.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** A call that has failed. */
class CallError extends Error {
  constructor(readonly code: Status, readonly details: string) {
    super(`${code} ${Status[code]}: ${details}`);
  }
}
