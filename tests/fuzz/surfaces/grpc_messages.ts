/** What an auth server answers to calls: messages of the right type that are not encoded well. */

import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import tls from "node:tls";
import { identityFileText, issueAuthServer, issueIdentity } from "../../../sim/pki/identity.ts";
import { TcpListener } from "../../../sim/proxy/tcp_listener.ts";
import { ClusterError } from "../../../src/teleport/errors.ts";
import type { TeleportClient } from "../../../src/teleport/client.ts";
import { AuthService, Operation } from "../../../src/teleport/generated/auth_pb.ts";
import { AccessRequestV3Schema, RequestState } from "../../../src/teleport/generated/types_pb.ts";
import { pki } from "../../../src/teleport/dial/testing/tunnel.ts";
import { connectClient } from "../../../src/teleport/testing/cluster_client.ts";
import { Random } from "../../simulation/random.ts";
import { distort } from "../distortion.ts";
import type { Surface } from "../surface.ts";

/** What an input may take. */
const CALL_MS = 1000;

const REQUEST = {
  Kind: "access_request",
  Version: "v3",
  Metadata: { Name: "8a1f7c2e-7d0b-4a54-9d4e-1f2e3d4c5b6a", Expires: timestampFromMs(1.8e12) },
  Spec: {
    User: "alice@example.com",
    Roles: ["dev", "dba"],
    State: RequestState.PENDING,
    Created: timestampFromMs(1.7e12),
    RequestReason: "Rollout – Größe ✅",
    SystemAnnotations: { Values: { team: { Values: ["a", "b"] } } },
    Reviews: [{ Author: "bob", ProposedState: RequestState.APPROVED, Reason: "okay" }],
    SuggestedReviewers: ["bob@example.com"],
  },
} as const satisfies MessageInitShape<typeof AccessRequestV3Schema>;

function encoded<S extends DescMessage>(schema: S, init: MessageInitShape<S>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

const { method } = AuthService;
const PLUGIN_DATA = {
  Metadata: { Name: "x" },
  Spec: { Entries: { email: { Data: { user: "a" } } } },
};

/** By the method's name: what a good server answers. */
const ANSWERS: Readonly<Record<string, readonly Uint8Array[]>> = {
  Ping: [encoded(method.ping.output, { ClusterName: "example.com", ServerVersion: "17.4.8" })],
  GetAccessRequestsV2: [
    encoded(AccessRequestV3Schema, REQUEST),
    encoded(AccessRequestV3Schema, {}),
  ],
  GetPluginData: [encoded(method.getPluginData.output, { PluginData: [PLUGIN_DATA] })],
  UpdatePluginData: [new Uint8Array()],
  GetCurrentUserRoles: [encoded(method.getCurrentUserRoles.output, {
    Metadata: { Name: "access-plugin" },
    Spec: { Allow: { Rules: [{ Resources: ["access_request"], Verbs: ["list", "read"] }] } },
  })],
  WatchEvents: [
    encoded(method.watchEvents.output, {
      Resource: { case: "WatchStatus", value: { Spec: { Kinds: [{ Kind: "access_request" }] } } },
    }),
    encoded(method.watchEvents.output, {
      Type: Operation.PUT,
      Resource: { case: "AccessRequest", value: REQUEST },
    }),
    encoded(method.watchEvents.output, {
      Type: Operation.DELETE,
      Resource: {
        case: "ResourceHeader",
        value: { Kind: "access_request", Metadata: { Name: "x" } },
      },
    }),
  ],
};

type Call = (client: TeleportClient, signal: AbortSignal) => Promise<unknown>;

const CALLS: readonly [Call, ...Call[]] = [
  (client, signal) => client.ping(signal),
  (client, signal) => client.listRequests(signal),
  (client, signal) => client.listRecords(signal),
  (client, signal) => client.currentRoles(signal),
  (client, signal) => client.writeRecord("x", { user: "a" }, { user: "" }, signal),
  (client, signal) => Array.fromAsync(client.watch(signal)),
];

/** A service that answers with bytes as they are. */
function service(answers: (name: string) => readonly Uint8Array[]) {
  const names = Object.keys(ANSWERS);
  const isStream = (name: string) =>
    AuthService.methods.some((known) =>
      known.name === name && known.methodKind === "server_streaming"
    );
  const definition = Object.fromEntries(names.map((name) => [name, {
    path: `/${AuthService.typeName}/${name}`,
    requestStream: false,
    responseStream: isStream(name),
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  }]));
  const handlers = Object.fromEntries(names.map((name) => [
    name,
    isStream(name)
      ? (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
        for (const bytes of answers(name)) call.write(Buffer.from(bytes));
        call.end();
      }
      : (_call: unknown, done: grpc.sendUnaryData<Buffer>) =>
        done(null, Buffer.from(answers(name)[0] ?? [])),
  ]));
  return { definition, handlers: handlers as grpc.UntypedServiceImplementation };
}

export const grpcMessages: Surface = {
  name: "gRPC messages",
  keptKiB: 8,
  open: async () => {
    let random = new Random(0);
    const spoiled = (name: string) =>
      (ANSWERS[name] ?? []).map((bytes) => random.chance(0.7) ? distort(random, bytes) : bytes);
    const { definition, handlers } = service(spoiled);
    await using stack = new AsyncDisposableStack();
    const server = new grpc.Server();
    server.addService(definition, handlers);
    stack.defer(() => server.forceShutdown());
    const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    const { certPem: cert, keyPem: key } = await issueAuthServer(pki);
    const secure = tls.createServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => {
      socket.on("error", () => {});
      injector.injectConnection(socket);
    });
    const listener = stack.use(new TcpListener(secure));
    await listener.start();
    const path = await Deno.makeTempFile();
    stack.defer(() => Deno.remove(path));
    await Deno.writeTextFile(path, identityFileText(await issueIdentity(pki)));
    const { address } = listener;
    const { client } = stack.use(connectClient({ address, identity: path, via: "direct" }));
    const owned = stack.move();
    return {
      feed: async (drawn) => {
        random = drawn;
        const limit = new AbortController();
        const timer = setTimeout(() => limit.abort(), CALL_MS);
        try {
          await drawn.pick(CALLS)(client, limit.signal);
          return "ok";
        } catch (error) {
          if (error instanceof ClusterError) return error.message;
          throw error;
        } finally {
          clearTimeout(timer);
        }
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};
