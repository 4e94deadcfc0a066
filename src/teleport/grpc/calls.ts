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

function path(method: { readonly name: string; readonly parent: { readonly typeName: string } }) {
  return `/${method.parent.typeName}/${method.name}`;
}

function encode<I extends DescMessage>(schema: I, init: MessageInitShape<I>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, init)));
}

/**
 * Makes a unary call.
 *
 * @throws {Error} grpc-js' `ServiceError`; status CANCELLED when `signal` is aborted
 */
export function callUnary<I extends DescMessage, O extends DescMessage>(
  client: grpc.Client,
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      path(method),
      (init: MessageInitShape<I>) => encode(method.input, init),
      (bytes) => fromBinary(method.output, bytes),
      request,
      new grpc.Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (error !== null) reject(error);
        else resolve(response as MessageShape<O>);
      },
    );
    const cancel = () => call.cancel();
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel);
  });
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
    if (signal.aborted) throw new CancelledStream();
  } finally {
    signal.removeEventListener("abort", cancel);
    call.cancel();
  }
}

/** The error of a cancelled call, in grpc-js' form. */
class CancelledStream extends Error {
  readonly code = grpc.status.CANCELLED;

  constructor() {
    super("Cancelled on client");
  }
}
