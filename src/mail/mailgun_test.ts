import assert from "node:assert/strict";
import { createMailgunTransport, type MailgunDeps, type MailgunOptions } from "./mailgun.ts";
import { startMailgunServer } from "./testing/mailgun_server.ts";
import { never, testMessage } from "./testing/smtp_client.ts";
import type { MailTransport, Receipt } from "./transport.ts";

const KEY = "key-s3cret";

function transportTo(
  baseUrl: string,
  options: Partial<MailgunOptions> = {},
  deps: MailgunDeps = {},
): MailTransport {
  const privateKey = () => Promise.resolve(KEY);
  return createMailgunTransport(
    { domain: "mg.example.org", privateKey, baseUrl, maxConnections: 3, ...options },
    { timeoutMs: 5000, ...deps },
  );
}

function verdict(receipt: Receipt): string {
  assert.ok(!receipt.ok, "accepted");
  assert.match(receipt.error, /^Cannot send mail through Mailgun 'http:[^\r\n]*$/);
  assert.doesNotMatch(receipt.error, /s3cret/);
  return `${receipt.category} ${receipt.retry}`;
}

Deno.test("send() posts the fields of the original and our Message-ID", async () => {
  await using server = startMailgunServer();
  await using transport = transportTo(server.url);
  const message = testMessage({
    from: { name: "Zugänge", address: "noreply@example.org" },
    subject: "Größe",
    text: "Status: ⏳ PENDING",
  });
  assert.deepEqual(await transport.send(message, never()), {
    ok: true,
    messageId: "id-1@example.org",
    response: "Queued. Thank you.",
  });
  assert.deepEqual(server.calls, [{
    method: "POST",
    path: "/v3/mg.example.org/messages",
    authorization: `Basic ${btoa(`api:${KEY}`)}`,
    fields: {
      from: '"Zugänge" <noreply@example.org>',
      to: "bob@example.com",
      subject: "Größe",
      text: "Status: ⏳ PENDING",
      "o:require-tls": "true",
      "h:Message-Id": "<id-1@example.org>",
      "h:Auto-Submitted": "auto-generated",
    },
  }]);
});

Deno.test("send() threads with one pair of brackets, whatever is stored", async () => {
  await using server = startMailgunServer();
  await using transport = transportTo(`${server.url}/`);
  for (const inReplyTo of ["first@example.org", "<first@example.org>"]) {
    const replyTo = { address: "help@example.org" };
    await transport.send(testMessage({ inReplyTo, html: "<p>x</p>", replyTo }), never());
  }
  for (const { fields, path } of server.calls) {
    assert.equal(path, "/v3/mg.example.org/messages");
    assert.equal(fields["h:References"], "<first@example.org>");
    assert.equal(fields["h:In-Reply-To"], "<first@example.org>");
    assert.equal(fields["h:Reply-To"], "help@example.org");
    assert.equal(fields["html"], "<p>x</p>");
  }
});

Deno.test("send() takes the id from the answer, or ours if there is none", async () => {
  const cases: readonly [Response, string][] = [
    [Response.json({ id: "<theirs@mg>", message: "ok" }), "theirs@mg"],
    [Response.json({ id: "theirs@mg" }, { status: 202 }), "theirs@mg"],
    [Response.json({ message: "ok" }), "id-1@example.org"],
    [Response.json({ id: 7 }), "id-1@example.org"],
    [Response.json([]), "id-1@example.org"],
    [new Response('{"id": "<the'), "id-1@example.org"],
    [new Response(null, { status: 204 }), "id-1@example.org"],
  ];
  for (const [response, expected] of cases) {
    await using server = startMailgunServer(() => response);
    await using transport = transportTo(server.url);
    const receipt = await transport.send(testMessage(), never());
    assert.ok(receipt.ok, JSON.stringify(receipt));
    assert.equal(receipt.messageId, expected);
  }
});

Deno.test("send() reads the key for every mail", async () => {
  await using server = startMailgunServer();
  const keys = ["one", "two"];
  await using transport = transportTo(server.url, {
    privateKey: () => Promise.resolve(keys.shift() ?? ""),
  });
  await transport.send(testMessage(), never());
  await transport.send(testMessage(), never());
  assert.deepEqual(server.calls.map((call) => call.authorization), [
    `Basic ${btoa("api:one")}`,
    `Basic ${btoa("api:two")}`,
  ]);
  await using broken = transportTo(server.url, {
    privateKey: () => Promise.reject(new Error("gone")),
  });
  assert.deepEqual(await broken.send(testMessage(), never()), {
    ok: false,
    category: "configuration",
    retry: "transport",
    error: "Cannot read the Mailgun private key: gone",
  });
});

Deno.test("send() respects Retry-After in seconds and as a date", async () => {
  const nowMs = Date.UTC(2025, 0, 25, 10, 30);
  for (const value of ["90", "Sat, 25 Jan 2025 10:31:30 GMT"]) {
    await using server = startMailgunServer(() =>
      Response.json({ message: "slow down" }, { status: 429, headers: { "retry-after": value } })
    );
    await using transport = transportTo(server.url, {}, { now: () => nowMs });
    const receipt = await transport.send(testMessage(), never());
    assert.equal(verdict(receipt), "rate-limit transport");
    assert.equal(receipt.ok ? undefined : receipt.retryAfterMs, 90_000);
  }
});

Deno.test("send() reports what Mailgun says, without the key", async () => {
  await using server = startMailgunServer(() => new Response(`Forbidden\n${KEY}`, { status: 401 }));
  await using transport = transportTo(server.url);
  const receipt = await transport.send(testMessage(), never());
  assert.equal(verdict(receipt), "authentication transport");
  assert.match(receipt.ok ? "" : receipt.error, /: HTTP 401: Forbidden \*\*\*$/);
});

Deno.test("send() does not follow redirects", async () => {
  await using server = startMailgunServer(() =>
    new Response(null, { status: 302, headers: { location: "/elsewhere" } })
  );
  await using transport = transportTo(server.url);
  assert.equal(verdict(await transport.send(testMessage(), never())), "configuration transport");
  assert.equal(server.calls.length, 1);
});

Deno.test("send() reports a server that is not there or says nothing", async () => {
  const gate = Promise.withResolvers<Response>();
  const server = startMailgunServer(() => gate.promise);
  await using silent = transportTo(server.url, {}, { timeoutMs: 100 });
  assert.equal(verdict(await silent.send(testMessage(), never())), "timeout transport");
  gate.resolve(new Response());
  await server[Symbol.asyncDispose]();
  await using closed = transportTo(server.url);
  assert.equal(verdict(await closed.send(testMessage(), never())), "network transport");
});

Deno.test("send() can be cancelled", async () => {
  const controller = new AbortController();
  const gate = Promise.withResolvers<Response>();
  await using server = startMailgunServer(() => {
    controller.abort();
    return gate.promise;
  });
  await using transport = transportTo(server.url);
  assert.equal(verdict(await transport.send(testMessage(), controller.signal)), "cancelled later");
  assert.equal(verdict(await transport.send(testMessage(), controller.signal)), "cancelled later");
  gate.resolve(new Response());
  assert.equal(server.calls.length, 1);
});

Deno.test("send() refuses a recipient that would be two", async () => {
  await using server = startMailgunServer();
  await using transport = transportTo(server.url);
  const receipt = await transport.send(testMessage({ to: "a@b.c,d@e.f" }), never());
  assert.ok(!receipt.ok && receipt.retry === "never");
  assert.equal(server.calls.length, 0);
});
