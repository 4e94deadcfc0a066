/** A generic gRPC client of the simulated auth server, for tests that act as another user. */

import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import {
  type MethodName,
  METHODS,
  type Methods,
  SERVICE_DEFINITION,
  type StatusName,
} from "../auth/grpc_service.ts";
import type { Identity } from "../pki/identity.ts";

/** `ping`, or `UsersService.GetUser` outside the auth service. */
type CallName = { [N in MethodName]: N extends `${string}.${string}` ? N : Uncapitalize<N> }[
  MethodName
];
type MethodOf<N extends CallName> = N extends MethodName ? Methods[N] : Methods[Capitalize<N>];
type Unary = {
  [N in CallName]: MethodOf<N>["methodKind"] extends "unary" ? N : never;
}[CallName];
type Streaming = Exclude<CallName, Unary>;

/** The result of a call or stream: `OK`, or name and text of its status. */
export type Outcome<T> =
  | { readonly code: "OK"; readonly value: T }
  | { readonly code: StatusName; readonly message: string };

/** A server stream. */
export interface Incoming<T> extends Disposable {
  /** The messages so far. */
  readonly messages: readonly T[];
  /** Waits until there are at least `count` messages. */
  atLeast(count: number): Promise<readonly T[]>;
  /** The status with which the stream ended. */
  readonly ended: Promise<Outcome<readonly T[]>>;
}

const DEADLINE_MS = 30_000;

/** One connection to the auth server with one identity. */
export class RpcClient implements Disposable {
  readonly #client: grpc.Client;

  constructor(address: string, identity: Identity, readonly version?: string) {
    const pem = (text: string) => Buffer.from(text);
    this.#client = new grpc.Client(
      address,
      grpc.credentials.createSsl(
        pem(identity.casPem),
        pem(identity.keyPem),
        pem(identity.certPem),
      ),
      {
        "grpc.ssl_target_name_override": "teleport.cluster.local",
        "grpc.default_authority": "teleport.cluster.local",
        "grpc.initial_reconnect_backoff_ms": 20,
        // Two clients of a test must not share a connection, and with it an identity.
        "grpc.use_local_subchannel_pool": 1,
      },
    );
  }

  /** Waits for a connection; calls made while there is none fail at once. */
  async ready(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#client.waitForReady(
        Date.now() + DEADLINE_MS,
        (error) => error ? reject(error) : resolve(),
      );
    });
  }

  /** Makes a unary call. */
  call<L extends Unary>(
    name: L,
    init?: MessageInitShape<MethodOf<L>["input"]>,
  ): Promise<Outcome<MessageShape<MethodOf<L>["output"]>>> {
    const { input, definition } = describe(name);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize as (
          bytes: Buffer,
        ) => MessageShape<MethodOf<L>["output"]>,
        create(input, init as MessageInitShape<DescMessage>),
        this.#metadata(),
        { deadline: Date.now() + DEADLINE_MS },
        (error, value) => resolve(outcome(error, value)),
      );
    });
  }

  /** Opens a server stream. */
  stream<L extends Streaming>(
    name: L,
    init?: MessageInitShape<MethodOf<L>["input"]>,
  ): Incoming<MessageShape<MethodOf<L>["output"]>> {
    const { input, definition } = describe(name);
    const stream = this.#client.makeServerStreamRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize as (bytes: Buffer) => MessageShape<MethodOf<L>["output"]>,
      create(input, init as MessageInitShape<DescMessage>),
      this.#metadata(),
      { deadline: Date.now() + DEADLINE_MS },
    );
    return incoming(stream);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #metadata(): grpc.Metadata {
    const metadata = new grpc.Metadata();
    if (this.version !== undefined) metadata.set("version", this.version);
    return metadata;
  }
}

function describe(call: CallName): { input: DescMessage; definition: Definition } {
  const name = call.charAt(0).toUpperCase() + call.slice(1);
  const method = METHODS.get(name as MethodName);
  const definition = SERVICE_DEFINITION[name];
  if (!method || !definition) throw new Error(`Cannot call '${name}': no service has it`);
  return { input: method.input, definition };
}

type Definition = grpc.MethodDefinition<unknown, unknown>;

function outcome<T>(error: grpc.ServiceError | null, value: T | undefined): Outcome<T> {
  if (error) return { code: grpc.status[error.code] as StatusName, message: error.details };
  if (value === undefined) return { code: "INTERNAL", message: "no answer" };
  return { code: "OK", value };
}

function incoming<T>(stream: grpc.ClientReadableStream<T>): Incoming<T> {
  const messages: T[] = [];
  const waiting = new Set<() => void>();
  const wake = () => waiting.forEach((check) => check());
  const { promise: ended, resolve } = Promise.withResolvers<Outcome<readonly T[]>>();
  stream.on("data", (message: T) => {
    messages.push(message);
    wake();
  });
  stream.on("error", (error: grpc.ServiceError) => resolve(outcome(error, messages)));
  stream.on("end", () => resolve({ code: "OK", value: messages }));
  return {
    messages,
    ended,
    atLeast: async (count) => {
      const { promise, resolve: enough } = Promise.withResolvers<void>();
      const check = () => messages.length >= count ? enough() : undefined;
      waiting.add(check);
      check();
      await Promise.race([promise, ended]);
      waiting.delete(check);
      return messages;
    },
    [Symbol.dispose]: () => stream.cancel(),
  };
}
