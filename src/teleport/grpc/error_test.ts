import assert from "node:assert/strict";
import { status as Status } from "@grpc/grpc-js";
import { toClusterError } from "./error.ts";

const CONTEXT = { action: "ping the server", address: "teleport.example.com:443" };
const WHERE = "Cannot ping the server at 'teleport.example.com:443'";

function mapped(error: unknown): readonly [string, string] {
  const { kind, message } = toClusterError(error, CONTEXT);
  return [kind, message];
}

Deno.test("toClusterError() calls an answer without a gRPC status that, and transient", () => {
  const error = Object.assign(new Error("undefined undefined: undefined"), { code: undefined });
  assert.deepEqual(mapped(error), ["unavailable", `${WHERE}: the answer has no gRPC status`]);
});

Deno.test("toClusterError() tells a refused identity from a missing permission, in one line", () => {
  const denied = (details: string) =>
    Object.assign(new Error(details), { code: Status.PERMISSION_DENIED, details });
  assert.deepEqual(mapped(denied("access denied\n\tto perform action")), [
    "denied",
    `${WHERE}: access denied, to perform action`,
  ]);
  assert.equal(mapped(denied("invalid client certificate"))[0], "credentials");
});

Deno.test("toClusterError() keeps the words of an error that is not a gRPC status, in one line", () => {
  const error = Object.assign(new Error("read\nECONNRESET"), { code: "ECONNRESET" });
  assert.deepEqual(mapped(error), ["other", `${WHERE}: Error: read, ECONNRESET`]);
});
