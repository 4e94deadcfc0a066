/** The HTTP control API of a simulated cluster, for use with `curl`. */

import type { AuthServer } from "../auth/server.ts";
import { ClusterError } from "../auth/cluster_error.ts";
import { directoryActions } from "./control_directory.ts";
import { type Action, ParameterError, Parameters } from "./control_parameters.ts";
import { requestActions } from "./control_requests.ts";
import { serveLocally } from "./serve.ts";
import { controlRefusal } from "./web/guard.ts";
import type { MailServer } from "../mail/mail_server.ts";
import { type HostAuthority, ROTATION_PHASES } from "../cluster/rotation.ts";

/** The parts of the playground that the API controls. */
export interface Controlled {
  readonly auth: AuthServer;
  readonly mail: MailServer;
  readonly hostAuthority: HostAuthority;
  /** Signs a new identity and overwrites the old files. */
  renew(ttlMs: number | undefined): Promise<void>;
}

/** Starts the API on a free port of 127.0.0.1. */
export function startControl(controlled: Controlled, port = 0): ControlServer {
  return new ControlServer(controlled, port);
}

/** The running API. */
export class ControlServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(controlled: Controlled, port: number) {
    const actions = controlActions(controlled);
    this.#server = serveLocally(port, (request) => answer(actions, request));
  }

  /** `http://127.0.0.1:<port>` */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Every call of the API, by path. */
export function controlActions(
  { auth, mail, hostAuthority, renew }: Controlled,
): ReadonlyMap<string, Action> {
  const { cluster } = auth;
  return new Map<string, Action>([
    ...requestActions(cluster),
    ...directoryActions(auth),
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

async function answer(actions: ReadonlyMap<string, Action>, request: Request): Promise<Response> {
  const refusal = controlRefusal(request);
  if (refusal !== undefined) return refuse(403, refusal);
  return await runAction(actions, new URL(request.url).pathname, request);
}

/** Executes the call at `path`; answers its result, or an error with a reason. */
export async function runAction(
  actions: ReadonlyMap<string, Action>,
  path: string,
  request: Request,
): Promise<Response> {
  const action = actions.get(path);
  if (!action) {
    const known = [...actions.keys()].join(", ");
    return refuse(404, `Cannot find '${path}': choose one of ${known}`);
  }
  try {
    return Response.json(await action(await Parameters.of(request)));
  } catch (error) {
    if (error instanceof ClusterError) return refuse(400, error.message);
    if (error instanceof ParameterError) {
      return refuse(400, `Cannot do '${path}': ${error.message}`);
    }
    throw error;
  }
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
