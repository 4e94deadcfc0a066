/** Service definitions for `@grpc/grpc-js`, from the generated descriptors. */

import {
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition, status } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { AccessListService } from "../../src/teleport/generated/access_list_pb.ts";
import { AccessMonitoringRulesService } from "../../src/teleport/generated/access_monitoring_rules_pb.ts";
import { AuthService } from "../../src/teleport/generated/auth_pb.ts";
import { UserLoginStateService } from "../../src/teleport/generated/user_login_state_pb.ts";
import { UsersService } from "../../src/teleport/generated/users_pb.ts";

const SERVICES = [
  ["", AuthService],
  ["AccessMonitoringRulesService.", AccessMonitoringRulesService],
  ["UserLoginStateService.", UserLoginStateService],
  ["UsersService.", UsersService],
  ["AccessListService.", AccessListService],
] as const;

type MethodsOf<Prefix extends string, S extends { method: Record<string, DescMethod> }> = {
  [L in keyof S["method"] & string as `${Prefix}${Capitalize<L>}`]: S["method"][L];
};

/** The methods of all services, by name. */
export type Methods =
  & MethodsOf<"", typeof AuthService>
  & MethodsOf<"AccessMonitoringRulesService.", typeof AccessMonitoringRulesService>
  & MethodsOf<"UserLoginStateService.", typeof UserLoginStateService>
  & MethodsOf<"UsersService.", typeof UsersService>
  & MethodsOf<"AccessListService.", typeof AccessListService>;

/** `Ping`, `WatchEvents`, ...; outside the auth service `UsersService.GetUser` and so on. */
export type MethodName = keyof Methods & string;

/** `UNAVAILABLE`, `NOT_FOUND`, ...: every status that is an error. */
export type StatusName = Exclude<keyof typeof status, "OK">;

/** The answer stream of a streaming method. */
export interface Sink<T> {
  send(message: T): void;
  end(): void;
  fail(code: StatusName, message: string): void;
  /** Called once when the stream ends, for any reason. */
  onClose(callback: () => void): void;
}

/** One function for each method; errors become the status of the call. */
export type Handlers<Context> = {
  readonly [N in MethodName]: Methods[N]["methodKind"] extends "unary" ? (
      request: MessageShape<Methods[N]["input"]>,
      context: Context,
    ) => MessageShape<Methods[N]["output"]>
    : (
      request: MessageShape<Methods[N]["input"]>,
      context: Context,
      sink: Sink<MessageShape<Methods[N]["output"]>>,
    ) => void;
};

/** The descriptors of all methods. */
export const METHODS: ReadonlyMap<MethodName, DescMethod> = new Map(
  SERVICES.flatMap(([prefix, service]) =>
    service.methods.map((method) => [`${prefix}${method.name}` as MethodName, method] as const)
  ),
);

/** Whether the method answers with a stream. */
export function isStreaming(name: MethodName): boolean {
  return METHODS.get(name)?.methodKind === "server_streaming";
}

/** The full name of a method's service, such as `proto.AuthService`. */
export function serviceOf(name: MethodName): string {
  return METHODS.get(name)?.parent.typeName ?? "";
}

/** All methods as one service definition, for the server and for a generic client in tests. */
export const SERVICE_DEFINITION: ServiceDefinition = Object.fromEntries(
  [...METHODS].map(([name, method]) => [name, {
    path: `/${method.parent.typeName}/${method.name}`,
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
