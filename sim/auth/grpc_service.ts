/** `AuthService` as `@grpc/grpc-js` wants it described, from the generated descriptor. */

import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition, status } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { AuthService } from "../../src/teleport/generated/auth_pb.ts";

type Methods = typeof AuthService["method"];
type LocalName = keyof Methods & string;

/** `Ping`, `WatchEvents`, ...: the names as they stand in the path of a call. */
export type MethodName = Capitalize<LocalName>;

/** `UNAVAILABLE`, `NOT_FOUND`, ...: every status that is an error. */
export type StatusName = Exclude<keyof typeof status, "OK">;

/** Where a streaming method puts its answers. */
export interface Sink<T> {
  send(message: T): void;
  end(): void;
  fail(code: StatusName, message: string): void;
  /** Called once, when the stream is over for whatever reason. */
  onClose(callback: () => void): void;
}

/**
 * One function per method of the service; what they throw becomes the status of the call. Methods
 * without one are UNIMPLEMENTED, as on a server that is too old for them.
 */
export type Handlers<Context> = {
  readonly [L in LocalName as Capitalize<L>]?: Methods[L]["methodKind"] extends "unary" ? (
      request: MessageShape<Methods[L]["input"]>,
      context: Context,
    ) => MessageShape<Methods[L]["output"]>
    : (
      request: MessageShape<Methods[L]["input"]>,
      context: Context,
      sink: Sink<MessageShape<Methods[L]["output"]>>,
    ) => void;
};

/** The names of all methods. */
export const METHOD_NAMES = AuthService.methods.map((method) => method.name as MethodName);

/** Whether the method answers with a stream. */
export function isStreaming(name: MethodName): boolean {
  return AuthService.methods.some((method) =>
    method.name === name && method.methodKind === "server_streaming"
  );
}

/** The service definition, also good for a generic client in tests. */
export const AUTH_SERVICE: ServiceDefinition = Object.fromEntries(
  AuthService.methods.map((method) => [method.name, {
    path: `/${AuthService.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    ...codec("request", method.input),
    ...codec("response", method.output),
  } as MethodDefinition<unknown, unknown>]),
);

function codec(side: "request" | "response", schema: DescMessage) {
  return {
    [`${side}Serialize`]: (message: MessageShape<DescMessage>) =>
      Buffer.from(toBinary(schema, message)),
    [`${side}Deserialize`]: (bytes: Uint8Array) => fromBinary(schema, bytes),
  };
}
