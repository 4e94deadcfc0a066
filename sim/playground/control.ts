/** The control API: play with a simulated cluster by `curl`, as with the Go one's. */

import { toJson } from "@bufbuild/protobuf";
import { AccessRequestV3Schema, RequestState } from "../../src/teleport/generated/types_pb.ts";
import type { Thresholds } from "../auth/access_request.ts";
import type { AuthServer } from "../auth/server.ts";
import { ClusterError } from "../auth/cluster_error.ts";
import { ParameterError, Parameters } from "./control_parameters.ts";
import type { MailServer } from "../mail/mail_server.ts";
import { type HostAuthority, ROTATION_PHASES } from "../cluster/rotation.ts";

/** What the API works on. */
export interface Controlled {
  readonly auth: AuthServer;
  readonly mail: MailServer;
  readonly hostAuthority: HostAuthority;
  /** Signs a new identity over the old files. */
  renew(ttlMs: number | undefined): Promise<void>;
}

type Action = (parameters: Parameters) => unknown;

/** Starts the API on a free port of 127.0.0.1. */
export function startControl(controlled: Controlled, port = 0): ControlServer {
  return new ControlServer(controlled, port);
}

/** The running API. */
export class ControlServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(controlled: Controlled, port: number) {
    const actions = controlActions(controlled);
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => answer(actions, request),
    );
  }

  /** `http://127.0.0.1:<port>` */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function controlActions(
  { auth, mail, hostAuthority, renew }: Controlled,
): ReadonlyMap<string, Action> {
  const { cluster } = auth;
  const decide = (state?: RequestState) => (parameters: Parameters) => {
    const id = parameters.required("id");
    const reason = parameters.text("reason");
    cluster.setState(id, state ?? parameters.state("state"), reason ? { reason } : {});
    return "ok";
  };
  return new Map<string, Action>([
    ["/create", (parameters) => {
      const request = {
        ...parameters.some("user"),
        ...parameters.some("reason"),
        ...parameters.someList("roles"),
        ...parameters.someList("reviewers"),
        ...thresholds(parameters),
      };
      const count = parameters.integer("n", 1, 100_000);
      return Array.from({ length: count }, () => cluster.create(request).Metadata?.Name);
    }],
    ["/review", (parameters) => {
      cluster.review(parameters.required("id"), {
        author: parameters.text("author") ?? "bob@example.com",
        state: parameters.state("state"),
        reason: parameters.text("reason") ?? "",
      });
      return "ok";
    }],
    ["/resolve", decide()],
    ["/approve", decide(RequestState.APPROVED)],
    ["/deny", decide(RequestState.DENIED)],
    ["/promote", (parameters) => {
      const title = parameters.text("title") ?? "Access list";
      const list = { name: parameters.text("name") ?? "access-list", title };
      cluster.promote(parameters.required("id"), list, parameters.text("reason") ?? "");
      return "ok";
    }],
    ["/delete", (parameters) => {
      cluster.delete(parameters.required("id"));
      return "ok";
    }],
    ["/expire", (parameters) => {
      cluster.expire(parameters.required("id"));
      return "ok";
    }],
    ["/drop", () => {
      auth.dropWatches();
      return "ok";
    }],
    ["/goaway", async () => {
      await auth.goAway();
      return "ok";
    }],
    ["/rotate", async (parameters) => {
      await hostAuthority.enter(parameters.oneOf("phase", ROTATION_PHASES));
      await renew(undefined);
      return "ok";
    }],
    ["/data", () => cluster.pluginData.all()],
    ["/requests", () => cluster.list().map((request) => toJson(AccessRequestV3Schema, request))],
    ["/stats", () => ({
      requests: cluster.list().length,
      watchers: auth.openWatches,
      mails: mail.mails.length,
      calls: Object.fromEntries(auth.calls),
    })],
    ["/mails", () =>
      mail.mails.map(({ envelope, parsed, tls, user, receivedAt }) => ({
        ...envelope,
        subject: parsed.subject,
        messageId: parsed.messageId,
        inReplyTo: parsed.inReplyTo,
        text: parsed.text,
        tls,
        user,
        receivedAt,
      }))],
    ["/renew", async (parameters) => {
      await renew(parameters.duration("ttl"));
      return "ok";
    }],
  ]);
}

function thresholds(parameters: Parameters): { thresholds?: Thresholds } {
  const approve = parameters.integer("approve", 0, 100);
  const deny = parameters.integer("deny", 0, 100);
  return approve + deny > 0 ? { thresholds: { approve, deny } } : {};
}

async function answer(actions: ReadonlyMap<string, Action>, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const action = actions.get(url.pathname);
  if (!action) {
    const known = [...actions.keys()].join(", ");
    return refuse(404, `Cannot find '${url.pathname}': choose one of ${known}`);
  }
  try {
    return Response.json(await action(await Parameters.of(request)));
  } catch (error) {
    if (error instanceof ClusterError) return refuse(400, error.message);
    if (error instanceof ParameterError) {
      return refuse(400, `Cannot do '${url.pathname}': ${error.message}`);
    }
    throw error;
  }
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
