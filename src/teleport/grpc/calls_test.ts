import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { create, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import type { Transport } from "@grpc/grpc-js/build/src/transport.js";
import { AuthService, EventSchema, PingResponseSchema } from "../generated/auth_pb.ts";
import { callStream, callUnary } from "./calls.ts";

Deno.test("callStream() takes a stream that ends after it was cancelled for incomplete", async () => {
  const stop = new AbortController();
  let cancelled = 0;
  // The server's end of the stream has overtaken the cancellation.
  const call = Object.assign(Readable.from([create(EventSchema)]), { cancel: () => cancelled++ });
  const client = { makeServerStreamRequest: () => call } as unknown as grpc.Client;
  const options = { signal: stop.signal };
  const messages = callStream(client, AuthService.method.watchEvents, {}, options);
  assert.equal((await messages.next()).done, false);
  stop.abort();
  await assert.rejects(messages.next(), { code: grpc.status.CANCELLED });
  assert.ok(cancelled > 0);
});

type Listener = Parameters<Transport["createCall"]>[3];
type Status = Parameters<Listener["onReceiveStatus"]>[0];

/** A session whose calls `answer`, unless they are cancelled before. */
function session(answer: (listener: Listener) => void) {
  const sent: Buffer[] = [];
  const timeouts: unknown[] = [];
  const transport = {
    createCall: (metadata: grpc.Metadata, _host: string, _method: string, listener: Listener) => {
      timeouts.push(...metadata.get("grpc-timeout"));
      return {
        startRead: () => {},
        sendMessageWithContext: (_context: unknown, message: Buffer) => sent.push(message),
        halfClose: () => answer(listener),
        cancelWithStatus: (code: grpc.status, details: string) => end(listener, code, details),
      };
    },
  };
  return { transport: transport as unknown as Transport, sent, timeouts };
}

function end(listener: Listener, code: grpc.status, details = ""): void {
  listener.onReceiveStatus({ code, details, metadata: new grpc.Metadata() } as Status);
}

function ping(transport: Transport, timeoutMs = 5000, signal = new AbortController().signal) {
  return callUnary(transport, AuthService.method.ping, {}, { timeoutMs, signal });
}

const framed = (message: Uint8Array, flag = 0) =>
  Buffer.concat([Buffer.from([flag, 0, 0, 0, message.length]), message]);

Deno.test("callUnary() frames the request, names its deadline and reads the response", async () => {
  const message = toBinary(PingResponseSchema, create(PingResponseSchema, { ClusterName: "x" }));
  const { transport, sent, timeouts } = session((listener) => {
    listener.onReceiveMessage(framed(message));
    end(listener, grpc.status.OK);
  });
  assert.equal((await ping(transport)).ClusterName, "x");
  assert.deepEqual([sent, timeouts], [[Buffer.from([0, 0, 0, 0, 0])], ["5000m"]]);
});

Deno.test("callUnary() fails with the status of a deadline that has passed, and of a call that is cancelled", async () => {
  const { transport } = session(() => {});
  await assert.rejects(ping(transport, 1), { code: grpc.status.DEADLINE_EXCEEDED });
  const stop = new AbortController();
  const calling = ping(transport, 5000, stop.signal);
  stop.abort();
  await assert.rejects(calling, { code: grpc.status.CANCELLED });
  await assert.rejects(ping(transport, 5000, stop.signal), { code: grpc.status.CANCELLED });
});

Deno.test("callUnary() fails with the server's status, and for responses that it cannot read", async () => {
  const { PERMISSION_DENIED, UNIMPLEMENTED, INTERNAL, OK } = grpc.status;
  const denied = session((listener) => end(listener, PERMISSION_DENIED, "access denied"));
  await assert.rejects(ping(denied.transport), {
    code: PERMISSION_DENIED,
    details: "access denied",
  });
  const none = session((listener) => end(listener, OK));
  await assert.rejects(ping(none.transport), { code: UNIMPLEMENTED });
  for (const response of [framed(new Uint8Array(), 1), framed(Buffer.from([0xff]))]) {
    const odd = session((listener) => {
      listener.onReceiveMessage(response);
      end(listener, OK);
    });
    await assert.rejects(ping(odd.transport), { code: INTERNAL });
  }
});

Deno.test("callUnary() finds a session that has ended unavailable", async () => {
  const createCall = () => {
    throw new Error("The session has been destroyed");
  };
  const transport = { createCall } as unknown as Transport;
  await assert.rejects(ping(transport), { code: grpc.status.UNAVAILABLE });
});
