import assert from "node:assert/strict";
import { type MailgunServer, startMailgunServer } from "./mailgun_server.ts";

function send(server: MailgunServer, fields: Record<string, string>, key = server.key) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return fetch(`${server.baseUrl}/v3/${server.domain}/messages`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`api:${key}`)}` },
    body,
  });
}

const MAIL = { from: "a@example.com", to: "b@example.com", "h:Message-Id": "<1@example.com>" };

Deno.test("MailgunServer keeps the fields and answers with the given id", async () => {
  await using server = startMailgunServer();
  const answer = await (await send(server, MAIL)).json();
  assert.deepEqual(answer, { id: "<1@example.com>", message: "Queued. Thank you." });
  assert.deepEqual(server.messages[0]?.fields.get("to"), ["b@example.com"]);
  assert.equal(server.messages[0]?.domain, "test.example.com");
});

Deno.test("MailgunServer can ignore the given id, as the original's mock does", async () => {
  await using server = startMailgunServer();
  server.ignoreMessageId = true;
  const answer = await (await send(server, MAIL)).json();
  assert.match(answer.id, /^[0-9a-f-]{36}$/);
});

Deno.test("MailgunServer refuses a wrong key and an incomplete form", async () => {
  await using server = startMailgunServer();
  const wrong = await send(server, MAIL, "111111");
  assert.equal(wrong.status, 401);
  await wrong.body?.cancel();
  const incomplete = await send(server, { from: "a@example.com" });
  assert.equal(incomplete.status, 400);
  assert.deepEqual(await incomplete.json(), { message: "to parameter is missing" });
  assert.equal(server.messages.length, 0);
});

Deno.test("MailgunServer answers as planned, then as always", async () => {
  await using server = startMailgunServer();
  server.failNext(429, { message: "slow down" }, { "Retry-After": "7" }, 2);
  for (let i = 0; i < 2; i++) {
    const limited = await send(server, MAIL);
    assert.equal(limited.status, 429);
    assert.equal(limited.headers.get("retry-after"), "7");
    assert.deepEqual(await limited.json(), { message: "slow down" });
  }
  const accepted = await send(server, MAIL);
  await accepted.body?.cancel();
  assert.equal(accepted.status, 200);
  assert.equal(server.calls, 3);
});
