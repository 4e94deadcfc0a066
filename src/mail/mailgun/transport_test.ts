import assert from "node:assert/strict";
import { assertMailgunRefused, KEY, mailgunTransport } from "../testing/mailgun_client.ts";
import { KEY_FILE_REMEDY } from "./remedies.ts";
import { startMailgunServer } from "../testing/mailgun_server.ts";
import { never, testMessage } from "../testing/smtp_client.ts";

Deno.test("send() posts the fields of the original and our Message-ID", async () => {
  await using server = startMailgunServer();
  await using transport = mailgunTransport(server.url);
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
      "h:X-Auto-Response-Suppress": "All",
      "h:X-Teleport-Email-Id": "id-1@example.org",
    },
  }]);
});

Deno.test("send() threads with one pair of brackets, whatever is stored", async () => {
  await using server = startMailgunServer();
  await using transport = mailgunTransport(`${server.url}/`);
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

Deno.test("send() fills in what an email does not share with others", async () => {
  await using server = startMailgunServer();
  await using transport = mailgunTransport(server.url);
  const words = { slot: "SLOT", text: "To SLOT", html: "<p>SLOT</p>", built: new Map() };
  await transport.send(testMessage({ ...words, shared: { words, insert: "$& bob" } }), never());
  const [call] = server.calls;
  assert.deepEqual([call?.fields["text"], call?.fields["html"]], ["To $& bob", "<p>$& bob</p>"]);
});

Deno.test("send() uses the id from the answer, or ours without one", async () => {
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
    await using transport = mailgunTransport(server.url);
    const receipt = await transport.send(testMessage(), never());
    assert.ok(receipt.ok, JSON.stringify(receipt));
    assert.equal(receipt.messageId, expected);
  }
});

Deno.test("send() reads the key for every mail", async () => {
  await using server = startMailgunServer();
  const keys = ["one", "two"];
  await using transport = mailgunTransport(server.url, {
    privateKey: () => Promise.resolve(keys.shift() ?? ""),
  });
  await transport.send(testMessage(), never());
  await transport.send(testMessage(), never());
  assert.deepEqual(server.calls.map((call) => call.authorization), [
    `Basic ${btoa("api:one")}`,
    `Basic ${btoa("api:two")}`,
  ]);
  await using broken = mailgunTransport(server.url, {
    privateKey: () => Promise.reject(new Error("gone")),
  });
  assert.deepEqual(await broken.send(testMessage(), never()), {
    ok: false,
    category: "configuration",
    retry: "transport",
    error: "Cannot read the Mailgun private key: gone",
    remedy: KEY_FILE_REMEDY,
  });
});

Deno.test("send() keeps a domain with special characters in its place in the path", async () => {
  await using server = startMailgunServer();
  await using transport = mailgunTransport(server.url, { domain: "mg.example.org/../other?x" });
  await transport.send(testMessage(), never());
  assert.deepEqual(server.calls.map(({ path }) => path), [
    "/v3/mg.example.org%2F..%2Fother%3Fx/messages",
  ]);
});

Deno.test("send() can be cancelled", async () => {
  const controller = new AbortController();
  const gate = Promise.withResolvers<Response>();
  await using server = startMailgunServer(() => {
    controller.abort();
    return gate.promise;
  });
  await using transport = mailgunTransport(server.url);
  assertMailgunRefused(await transport.send(testMessage(), controller.signal), "cancelled later");
  assertMailgunRefused(await transport.send(testMessage(), controller.signal), "cancelled later");
  gate.resolve(new Response());
  assert.equal(server.calls.length, 1);
});

Deno.test("send() makes no call for a mail that its caller withholds", async () => {
  await using server = startMailgunServer();
  await using transport = mailgunTransport(server.url);
  const withheld = await transport.send(testMessage(), never(), () => false);
  assertMailgunRefused(withheld, "cancelled later");
  assert.equal(server.calls.length, 0);
});

Deno.test("send() refuses a recipient that is two addresses", async () => {
  await using server = startMailgunServer();
  await using transport = mailgunTransport(server.url);
  const receipt = await transport.send(testMessage({ to: "a@b.c,d@e.f" }), never());
  assert.ok(!receipt.ok && receipt.retry === "never");
  assert.equal(server.calls.length, 0);
});
