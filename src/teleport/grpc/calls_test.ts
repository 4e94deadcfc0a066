import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { create } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { AuthService, EventSchema } from "../generated/auth_pb.ts";
import { callStream } from "./calls.ts";

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
