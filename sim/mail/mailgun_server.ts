/** A simulated Mailgun API: messages are kept, answers can be made to go wrong. */

/** One accepted call. */
export interface MailgunMessage {
  readonly domain: string;
  /** The text fields of the form, each with all its values. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** The id that the caller was given. */
  readonly id: string;
}

export interface MailgunOptions {
  /** The API key, default `000000`. */
  readonly key?: string;
  /** The one domain that exists, default `test.example.com`. */
  readonly domain?: string;
}

interface PlannedAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Starts the API on a free port of 127.0.0.1. */
export function startMailgunServer(options: MailgunOptions = {}): MailgunServer {
  return new MailgunServer(options);
}

/** The API with its switches. */
export class MailgunServer implements AsyncDisposable {
  readonly key: string;
  readonly domain: string;
  /** Everything that was accepted, in order. */
  readonly messages: MailgunMessage[] = [];
  /** How many calls there were, refused ones included. */
  calls = 0;
  /** Answers with an id of its own and without brackets, as the original's mock does. */
  ignoreMessageId = false;
  /** What is said of the domain: `active`, `unverified` or `disabled`. */
  domainState = "active";
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #planned: PlannedAnswer[] = [];

  constructor(options: MailgunOptions) {
    this.key = options.key ?? "000000";
    this.domain = options.domain ?? "test.example.com";
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#handle(request),
    );
  }

  /** The API root without the version, as `mailgun.base_url` wants it. */
  get baseUrl(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Answers the next `times` calls so, whoever makes them, and keeps nothing. */
  failNext(
    status: number,
    body: unknown = { message: "simulated failure" },
    headers: Readonly<Record<string, string>> = {},
    times = 1,
  ): void {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    for (let i = 0; i < times; i++) this.#planned.push({ status, body: text, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #handle(request: Request): Promise<Response> {
    this.calls++;
    const form = await readForm(request);
    const planned = this.#planned.shift();
    if (planned) return new Response(planned.body, planned);
    if (request.headers.get("authorization") !== `Basic ${btoa(`api:${this.key}`)}`) {
      return new Response("Forbidden", { status: 401 });
    }
    const { pathname } = new URL(request.url);
    const asked = /^\/v[34]\/domains\/([^/]+)$/.exec(pathname)?.[1];
    if (request.method === "GET" && asked === this.domain) {
      return Response.json({ domain: { name: asked, state: this.domainState } });
    }
    const domain = /^\/v[34]\/([^/]+)\/messages$/.exec(pathname)?.[1];
    if (request.method !== "POST" || domain === undefined) return answer(404, "Not Found");
    if (domain !== this.domain) return answer(404, `Domain not found: ${domain}`);
    const missing = ["from", "to"].find((name) => !form?.get(name));
    if (!form || missing) return answer(400, `${missing} parameter is missing`);
    const given = form.get("h:Message-Id");
    const id = typeof given === "string" && !this.ignoreMessageId
      ? `<${given.replace(/^<|>$/g, "")}>`
      : this.ignoreMessageId
      ? crypto.randomUUID()
      : `<${crypto.randomUUID()}@${domain}>`;
    this.messages.push({ domain, fields: textFields(form), id });
    return Response.json({ id, message: "Queued. Thank you." });
  }
}

/** The whole form, read also when it is not looked at, since the connection is used again. */
async function readForm(request: Request): Promise<FormData | undefined> {
  try {
    return await request.formData();
  } catch {
    return undefined; // no form
  }
}

function textFields(form: FormData): ReadonlyMap<string, readonly string[]> {
  const names = new Set(form.keys());
  return new Map(
    [...names].map((
      name,
    ) => [name, form.getAll(name).filter((value) => typeof value === "string")]),
  );
}

function answer(status: number, message: string): Response {
  return Response.json({ message }, { status });
}
