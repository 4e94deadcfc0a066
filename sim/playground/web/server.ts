/** The HTTP server of the playground's page. */

import { extname } from "node:path";
import { runAction } from "../control.ts";
import type { Action } from "../control_parameters.ts";
import { requestActions } from "../control_requests.ts";
import type { Playground } from "../playground.ts";
import { serveLocally } from "../serve.ts";
import { pageRefusal } from "./guard.ts";
import { mailDocument } from "./mails.ts";
import type { World } from "./sample_world.ts";
import { type DaemonSource, Session } from "./session.ts";

/** What the page shows and controls. */
export interface PageOptions {
  readonly playground: Playground;
  readonly world: World;
  readonly daemon: DaemonSource;
  /** Default a free one. */
  readonly port?: number;
  /** How long an outage lasts; default ten seconds. */
  readonly outageMs?: number;
}

/** The files of the page, by path. */
const FILES: Readonly<Record<string, string>> = {
  "/": "index.html",
  ...Object.fromEntries(
    ["app.js", "daemon.js", "dom.js", "inboxes.js", "requests.js", "style.css"]
      .map((name) => [`/${name}`, name]),
  ),
};
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** Calls of the control API that the page may make. */
const ACTIONS = ["/create", "/review", "/approve", "/deny", "/promote", "/expire"];

/** Nothing from elsewhere; frames hold emails. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

/** An email may use styles of its own and nothing else: no scripts, no forms, no images. */
const MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin";

const SECURITY_HEADERS = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Serves the page on 127.0.0.1. */
export class PlaygroundPage implements AsyncDisposable {
  readonly #session: Session;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Only the page knows it: other sites cannot read the page. */
  readonly #token = crypto.randomUUID();

  constructor(private readonly options: PageOptions) {
    const { playground, world, daemon, port = 0, outageMs = 10_000 } = options;
    const all = requestActions(playground.cluster);
    const actions = new Map(all.filter(([path]) => ACTIONS.includes(path)));
    this.#server = serveLocally(port, async (request) => {
      const response = await this.#answer(request, actions);
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
        response.headers.set(name, value);
      }
      return response;
    });
    this.#session = new Session({ playground, world, daemon, outageMs });
  }

  /** `http://127.0.0.1:<port>/` */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
    await this.#server.shutdown();
  }

  async #answer(request: Request, actions: ReadonlyMap<string, Action>): Promise<Response> {
    const refusal = pageRefusal(request, this.#token);
    if (refusal !== undefined) return Response.json({ error: refusal }, { status: 403 });
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "POST") {
      const [, outage] = /^\/break\/(\w+)$/.exec(pathname) ?? [];
      if (outage === undefined) return await runAction(actions, pathname, request);
      await this.#session.outages.begin(outage);
      return Response.json("ok");
    }
    const file = FILES[pathname];
    if (file !== undefined) return await this.#file(file);
    const [, number = "", part = ""] = /^\/mail\/(\d+)\/(\w+)$/.exec(pathname) ?? [];
    const mail = this.options.playground.mail.mails[Number(number || -1)];
    if (mail !== undefined && part === "html") {
      const scheme = searchParams.get("scheme") === "dark" ? "dark" : "light";
      return document(mailDocument(mail, scheme), "text/html; charset=utf-8", MAIL_POLICY);
    }
    if (mail !== undefined && part === "source") {
      return document(mail.raw, "text/plain; charset=utf-8", MAIL_POLICY);
    }
    if (pathname === "/events") return this.#session.open();
    if (pathname === "/route") {
      return Response.json(await this.#session.routing.explain(searchParams.get("id") ?? ""));
    }
    if (pathname === "/metrics") return await this.#session.metrics();
    return Response.json({ error: `no page '${pathname}'` }, { status: 404 });
  }

  async #file(name: string): Promise<Response> {
    const text = await Deno.readTextFile(new URL(`page/${name}`, import.meta.url));
    const content = name === "index.html" ? text.replace("{{ token }}", this.#token) : text;
    return document(content, TYPES[extname(name)] ?? "", PAGE_POLICY);
  }
}

function document(body: string, type: string, policy: string): Response {
  return new Response(body, {
    headers: { "content-type": type, "content-security-policy": policy },
  });
}
