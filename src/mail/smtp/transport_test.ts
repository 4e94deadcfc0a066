import assert from "node:assert/strict";
import { never, testMessage, testTransport } from "../testing/smtp_client.ts";
import { startSmtpServer } from "../testing/smtp_server.ts";

const TEXT = "You have a new Role Request:\n\nID: 1\nReason: Größe äöü ✅\n.dot\n" +
  `${"long ".repeat(60)}\n\nStatus: ⏳ PENDING`;

Deno.test("send() delivers the text exactly, with the headers of the original", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  const receipt = await transport.send(testMessage({ text: TEXT }), never());
  assert.ok(receipt.ok);
  assert.equal(receipt.messageId, "id-1@example.org");
  assert.match(receipt.response, /^250 /);
  const [mail] = server.mails;
  assert.ok(mail);
  assert.deepEqual([mail.from, mail.to], ["noreply@example.org", ["bob@example.com"]]);
  assert.equal(mail.helloName, "example.org");
  // SMTP ends every mail with a line end, so a single part gets one (RFC 5321 §4.1.1.4).
  assert.equal(mail.email.text?.replace(/\n$/, ""), TEXT);
  assert.match(mail.raw, /^MIME-Version: 1\.0\r$/m);
  assert.match(mail.raw, /^Date: Sat, 25 Jan 2025 10:30:00 \+0000\r$/m);
  assert.match(mail.raw, /^From: noreply@example\.org\r$/m);
  assert.match(mail.raw, /^To: bob@example\.com\r$/m);
  assert.match(mail.raw, /^Message-ID: <id-1@example\.org>\r$/m);
  assert.match(mail.raw, /^Auto-Submitted: auto-generated\r$/m);
  assert.match(mail.raw, /^Content-Type: text\/plain; charset=utf-8\r$/m);
  assert.match(mail.raw, /^Content-Transfer-Encoding: quoted-printable\r$/m);
  assert.doesNotMatch(mail.raw, /^(In-Reply-To|References|X-Mailer|Reply-To):/m);
});

Deno.test("send() encodes text of any script as quoted-printable", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  await transport.send(testMessage({ text: "東京".repeat(50) }), never());
  assert.match(server.mails[0]?.raw ?? "", /^Content-Transfer-Encoding: quoted-printable\r$/m);
});

Deno.test("send() threads follow-ups below the first mail", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  const replyTo = { name: "Zugänge", address: "help@example.org" };
  await transport.send(testMessage({ inReplyTo: "first@example.org", replyTo }), never());
  const email = server.mails[0]?.email;
  assert.equal(email?.inReplyTo, "<first@example.org>");
  assert.equal(email?.references, "<first@example.org>");
  assert.deepEqual(email?.replyTo?.map(({ name, address }) => ({ name, address })), [replyTo]);
});

Deno.test("send() puts HTML last in multipart/alternative", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  await transport.send(testMessage({ text: TEXT, html: "<p>Größe</p>" }), never());
  const mail = server.mails[0];
  assert.equal(mail?.email.text?.replace(/\n$/, ""), TEXT);
  assert.match(mail?.email.html ?? "", /^<p>Größe<\/p>\n?$/);
  assert.match(mail?.raw ?? "", /multipart\/alternative[^]*text\/plain[^]*text\/html/);
});

Deno.test("send() keeps non-ASCII display names and subjects", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  const from = { name: "Zugänge, 東京 (Teleport)", address: "noreply@example.org" };
  await transport.send(testMessage({ from, subject: "Größe ✅" }), never());
  const email = server.mails[0]?.email;
  assert.deepEqual({ name: email?.from?.name, address: email?.from?.address }, from);
  assert.equal(email?.subject, "Größe ✅");
});

Deno.test("send() lets no value add a header", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  const evil = "x\r\nBcc: eve@example.com\r\n\r\nbody";
  const receipt = await transport.send(
    testMessage({
      subject: evil,
      from: { name: evil, address: "noreply@example.org" },
      inReplyTo: evil,
      messageId: evil,
    }),
    never(),
  );
  assert.ok(receipt.ok);
  const mail = server.mails[0];
  assert.deepEqual(mail?.to, ["bob@example.com"]);
  assert.equal(mail?.email.bcc, undefined);
  assert.doesNotMatch(mail?.raw ?? "", /^Bcc:/mi);
  assert.equal(mail?.email.text?.trim(), "Hello Bob");
});

Deno.test("send() refuses an invalid recipient without connecting", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  for (const to of ["a@b\r\nRCPT TO:<eve@example.com>", "a@b,eve@example.com", ""]) {
    const receipt = await transport.send(testMessage({ to }), never());
    assert.ok(!receipt.ok);
    assert.deepEqual([receipt.category, receipt.retry], ["recipient", "never"]);
    assert.doesNotMatch(receipt.error, /[\r\n]/);
  }
  assert.equal(server.connections, 0);
});

Deno.test("send() uses at most maxConnections connections, and reuses them", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port, { maxConnections: 3 });
  const receipts = await Promise.all(
    Array.from(
      { length: 30 },
      (_, n) => transport.send(testMessage({ messageId: `${n}@example.org` }), never()),
    ),
  );
  assert.ok(receipts.every((receipt) => receipt.ok));
  assert.equal(server.mails.length, 30);
  assert.equal(server.mostConnections, 3);
  assert.equal(server.connections, 3);
  assert.equal(new Set(server.mails.map((mail) => mail.email.messageId)).size, 30);
});

Deno.test("send() cancelled before it starts does not connect", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  const receipt = await transport.send(testMessage(), AbortSignal.abort());
  assert.ok(!receipt.ok);
  assert.deepEqual([receipt.category, receipt.retry], ["cancelled", "later"]);
  assert.equal(server.connections, 0);
});

Deno.test("send() cancelled midway ends at once", async () => {
  const controller = new AbortController();
  await using server = await startSmtpServer({ onData: () => controller.abort() });
  await using transport = testTransport(server.port);
  const receipt = await transport.send(testMessage(), controller.signal);
  assert.ok(!receipt.ok);
  assert.deepEqual([receipt.category, receipt.retry], ["cancelled", "later"]);
});

Deno.test("send() asks when the content is about to leave, and withholds it", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port, { maxConnections: 1 });
  let asked = 0;
  const mayStart = () => {
    asked++;
    assert.equal(server.connections, 1);
    return false;
  };
  const receipt = await transport.send(testMessage(), never(), mayStart);
  assert.ok(!receipt.ok);
  assert.deepEqual([receipt.category, receipt.retry], ["cancelled", "later"]);
  assert.equal(asked, 1);
  assert.ok((await transport.send(testMessage({ text: "next" }), never(), () => true)).ok);
  assert.deepEqual(server.mails.map(({ email }) => email.text?.trim()), ["next"]);
});

Deno.test("verify() connects and logs in without sending", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  assert.deepEqual(await transport.verify?.(never()), { ok: true, messageId: "", response: "" });
  assert.equal(server.connections, 1);
  assert.equal(server.mails.length, 0);
});
