/** A simulated Mailgun API, which stores messages and can inject faults. */

/** One accepted call. */
export interface MailgunMessage {
  readonly domain: string;
  /** The text fields of the form with all their values. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** The returned message id. */
  readonly id: string;
}

/** The API key and the domain. */
export interface MailgunOptions {
  /** The API key, default `000000`. */
  readonly key?: string;
  /** The only domain, default `test.example.com`. */
  readonly domain?: string;
  /** Certificate and key of `localhost`, PEM: the API is served over TLS with them. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
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
  /** The accepted messages, in order. */
  readonly messages: MailgunMessage[] = [];
  /** The number of calls, including refused ones. */
  calls = 0;
  /** Answers with a generated id without brackets, as the original's mock does. */
  ignoreMessageId = false;
  /** The state of the domain: `active`, `unverified` or `disabled`. */
  domainState = "active";
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #planned: PlannedAnswer[] = [];
  readonly #scheme: "http" | "https";

  constructor(options: MailgunOptions) {
    this.key = options.key ?? "000000";
    this.domain = options.domain ?? "test.example.com";
    const { tls } = options;
    this.#scheme = tls === undefined ? "http" : "https";
    this.#server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen: () => {},
        ...tls === undefined ? {} : { cert: tls.certPem, key: tls.keyPem },
      },
      (request) => this.#handle(request),
    );
  }

  /** The API root without the version, for `mailgun.base_url`. */
  get baseUrl(): string {
    const host = this.#scheme === "http" ? "127.0.0.1" : "localhost";
    return `${this.#scheme}://${host}:${this.#server.addr.port}`;
  }

  /** Gives the next `times` calls this answer, and stores nothing. */
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

/** Reads the whole form, even if it is not used, because the connection is reused. */
async function readForm(request: Request): Promise<FormData | undefined> {
  try {
    return await request.formData();
  } catch {
    return undefined; // not a form
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
