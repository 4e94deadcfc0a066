import assert from "node:assert/strict";
import { HtmlValidate } from "html-validate/node";
import { createTransport } from "nodemailer";
import { request as httpRequest } from "node:http";
import { startPlayground } from "../playground.ts";
import { TOKEN_HEADER } from "./guard.ts";
import type { MailView } from "./mails.ts";
import type { OutageEnds } from "./outages.ts";
import type { RequestView } from "./requests.ts";
import { populate, type World } from "./sample_world.ts";
import { PlaygroundPage } from "./server.ts";

async function tempPage(outageMs = 50) {
  await using stack = new AsyncDisposableStack();
  const dir = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const playground = stack.use(await startPlayground({ dir, mail: {} }));
  const world = populate(playground.cluster);
  let log = (_line: string) => {};
  const daemon = {
    url: "http://127.0.0.1:1",
    process: {
      follow: (onLine: (line: string) => void) => {
        log = onLine;
      },
    },
  };
  const page = stack.use(new PlaygroundPage({ playground, world, daemon, outageMs }));
  const html = await (await fetch(page.url)).text();
  const token = /name="playground-token" content="([^"]+)"/.exec(html)?.[1] ?? "";
  const origin = page.url.slice(0, -1);
  const post = async (path: string, form: Record<string, string> = {}, headers = {}) => {
    const response = await fetch(page.url + path, {
      method: "POST",
      headers: { origin, [TOKEN_HEADER]: token, ...headers },
      body: new URLSearchParams(form),
    });
    return { status: response.status, body: await response.json() };
  };
  const owned = stack.move();
  return {
    playground,
    page,
    post,
    log: (line: string) => log(line),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface PageEvent {
  readonly name: string;
  readonly data: unknown;
}

/** The events of the page's stream. */
async function* eventsOf(url: string): AsyncGenerator<PageEvent> {
  const response = await fetch(`${url}events`);
  let rest = "";
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const [, name = "", data = ""] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? [];
      yield { name, data: JSON.parse(data) };
    }
  }
}

async function next<T = unknown>(events: AsyncGenerator<PageEvent>, name: string): Promise<T> {
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(!done, `the stream ended before '${name}'`);
    if (value.name === name) return value.data as T;
  }
}

Deno.test("The page comes with a policy that loads nothing from elsewhere", async () => {
  await using world = await tempPage();
  const { page } = world;
  for (const path of ["", "app.js", "style.css", "dom.js", "daemon.js", "inboxes.js"]) {
    const response = await fetch(page.url + path);
    const text = await response.text();
    assert.equal(response.status, 200);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'$/);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.doesNotMatch(
      text,
      /(src|href)="(https?:)?\/\/|innerHTML|insertAdjacentHTML|\bon[a-z]+="/,
    );
  }
  assert.equal((await (await fetch(`${page.url}nothing`)).json()).error, "no page '/nothing'");
});

Deno.test("The page is valid HTML", async () => {
  await using world = await tempPage();
  const validator = new HtmlValidate({ extends: ["html-validate:recommended"] });
  const { results } = await validator.validateString(await (await fetch(world.page.url)).text());
  const messages = results.flatMap(({ messages }) => messages);
  assert.deepEqual(messages.map(({ line, message }) => `${line}: ${message}`), []);
});

Deno.test("Another site can neither change nor read anything, by whatever host name", async () => {
  await using world = await tempPage();
  const { page, post, playground } = world;
  assert.equal((await post("create", {}, { [TOKEN_HEADER]: "guess" })).status, 403);
  assert.equal((await post("create", {}, { origin: "http://attacker.example" })).status, 403);
  const { port } = new URL(page.url);
  const status = await new Promise((resolve, reject) => {
    const headers = { host: `attacker.example:${port}` };
    httpRequest({ host: "127.0.0.1", port, path: "/events", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject).end();
  });
  assert.equal(status, 403);
  assert.deepEqual(playground.cluster.list(), []);
  const control = await fetch(`${playground.control.url}/create`, {
    headers: { origin: page.url },
  });
  assert.deepEqual(await control.json(), { error: "request of a web page" });
});

Deno.test("The page follows requests to their end, and the log", async () => {
  await using world = await tempPage();
  const { page, post, playground, log } = world;
  const events = eventsOf(page.url);
  const { requests, world: offered } = await next<{ requests: RequestView[]; world: World }>(
    events,
    "all",
  );
  assert.deepEqual(requests, []);
  const reason = "<script>alert(1)</script>\u202e\n\nevent: all\ndata: {}\n\n";
  const { body: [id] } = await post("create", {
    user: offered.users[0] ?? "",
    roles: "dev",
    resources: `[${offered.resources.map((one) => JSON.stringify(one.request)).join(",")}]`,
    reason,
    approve: "2",
  });
  const created = await next<RequestView>(events, "request");
  assert.equal(created.id, id);
  assert.equal(created.state, "PENDING");
  assert.equal(created.reason, reason);
  assert.deepEqual(created.resources, [
    "server web-1",
    "database orders",
    "app aws",
    "Kubernetes cluster staging",
  ]);
  await post("review", { id, author: "bob@example.com", state: "APPROVED", reason: "go" });
  const reviewed = await next<RequestView>(events, "request");
  assert.deepEqual([reviewed.approvals, reviewed.approvalsNeeded], [1, 2]);
  log("2026-11-28T20:00:00.000Z INFO  a line");
  assert.equal(await next(events, "log"), "2026-11-28T20:00:00.000Z INFO  a line");
  assert.equal((await post("expire", { id })).status, 200);
  assert.equal((await next<RequestView>(events, "request")).state, "EXPIRED");
  assert.match((await post("approve", { id })).body.error, /not found/);
  assert.equal((await post("rule", { name: "x" })).status, 404);
  assert.deepEqual(playground.cluster.list(), []);
  await events.return(undefined);
});

Deno.test("An email is shown without scripts, in the chosen scheme, and with its source", async () => {
  await using world = await tempPage();
  const { page, playground } = world;
  const events = eventsOf(page.url);
  await next(events, "all");
  const transport = createTransport({
    host: "127.0.0.1",
    port: playground.mail.port,
    tls: {
      rejectUnauthorized: false,
    },
  });
  await transport.sendMail({
    from: "Teleport <t@example.com>",
    to: "bob@example.com",
    subject: "A <b>",
    messageId: "<2@example.com>",
    references: "<1@example.com> <2@example.com>",
    text: "Status: ✅ APPROVED (go)\n",
    html: "<style>@media (prefers-color-scheme: dark) { p { color: red } }</style><p>Hello</p>",
  });
  transport.close();
  const { receivedAt, ...view } = await next<MailView>(events, "mail");
  assert.match(receivedAt, /^20\d\d-/);
  assert.deepEqual(view, {
    number: 0,
    to: "bob@example.com",
    from: "Teleport <t@example.com>",
    subject: "A <b>",
    thread: "<1@example.com>",
    state: "APPROVED",
    text: "Status: ✅ APPROVED (go)",
    hasHtml: true,
  });
  const dark = await fetch(`${page.url}mail/0/html?scheme=dark`);
  const policy = dark.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; style-src 'unsafe-inline';/);
  assert.match(policy, /sandbox allow-same-origin$/);
  assert.match(await dark.text(), /@media all \{ p/);
  const light = await fetch(`${page.url}mail/0/html?scheme=light`);
  assert.match(await light.text(), /@media not all \{ p/);
  const source = await fetch(`${page.url}mail/0/source`);
  assert.equal(source.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.match(await source.text(), /^Message-ID: <2@example.com>/m);
  assert.equal(
    (await (await fetch(`${page.url}mail/1/html`)).json()).error,
    "no page '/mail/1/html'",
  );
  await events.return(undefined);
});

Deno.test("A broken server is back after its outage", async () => {
  await using world = await tempPage();
  const { page, post, playground } = world;
  const events = eventsOf(page.url);
  await next(events, "all");
  for (
    const [name, { port }] of Object.entries({ mail: playground.mail, cluster: playground.auth })
  ) {
    assert.equal((await post(`break/${name}`)).status, 200);
    assert.ok(((await next<OutageEnds>(events, "outages"))[name] ?? 0) > Date.now() - 60_000);
    assert.deepEqual(await next(events, "outages"), {});
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
  }
  await events.return(undefined);
});
