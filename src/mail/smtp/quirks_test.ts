/** Old servers, odd addresses, and what mail clients look for. */

import assert from "node:assert/strict";
import net, { type AddressInfo } from "node:net";
import { never, testMessage, testTransport } from "../testing/smtp_client.ts";
import { startSmtpServer } from "../testing/smtp_server.ts";
import { smtpRefusal } from "./receipt.ts";

/** Answers every TLS handshake with a fatal alert (RFC 5246 §7.2), as an outdated server does. */
async function startAlertServer(alert: number) {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(new Uint8Array([21, 3, 3, 0, 2, 2, alert])));
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

Deno.test("send() names outdated ciphers and TLS versions", async () => {
  const cases = [[40, /it offers outdated ciphers only/, /AES-GCM/], [
    70,
    /TLS 1\.1 or older/,
    /1\.2/,
  ]] as const;
  for (const [alert, words, remedy] of cases) {
    await using server = await startAlertServer(alert);
    await using transport = testTransport(server.port, { implicitTls: true });
    const receipt = await transport.send(testMessage(), never());
    assert.ok(!receipt.ok);
    assert.deepEqual([receipt.category, receipt.retry], ["tls", "transport"]);
    assert.match(receipt.error, words);
    assert.match(receipt.remedy ?? "", remedy);
  }
});

Deno.test("smtpRefusal() says what is wrong with a certificate that no setting makes usable", () => {
  // What Deno says of a self-signed RSA-1024 certificate although it is not to verify it.
  const error = () =>
    Object.assign(new Error("self-signed certificate"), {
      code: "ESOCKET",
      originalCode: "DEPTH_ZERO_SELF_SIGNED_CERT",
      command: "CONN",
    });
  const attempt = {
    target: "mail.test:465",
    secrets: [],
    contentStarted: false,
    expired: false,
    cancelled: false,
  };
  const weak = smtpRefusal(error(), { ...attempt, insecure: true });
  assert.match(weak.error, /its key is too short \(RSA below 2048 bits\)/);
  assert.match(weak.remedy ?? "", /2048 bits or more/);
  const unknown = smtpRefusal(error(), { ...attempt, insecure: false });
  assert.match(unknown.error, /self-signed certificate$/);
  assert.match(unknown.remedy ?? "", /smtp\.root_cas/);
});

Deno.test("send() keeps vacation responders quiet, those of Outlook and Exchange included", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  assert.ok((await transport.send(testMessage(), never())).ok);
  const raw = server.mails[0]?.raw ?? "";
  assert.match(raw, /^Auto-Submitted: auto-generated$/m);
  assert.match(raw, /^X-Auto-Response-Suppress: All$/m);
});

Deno.test("send() mails to an address in brackets", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port);
  assert.ok((await transport.send(testMessage({ to: "ops@[192.0.2.25]" }), never())).ok);
  assert.deepEqual(server.mails[0]?.to, ["ops@[192.0.2.25]"]);
});

Deno.test("send() uses SMTPUTF8 where it is offered, and refuses itself where it is missing", async () => {
  const to = "jürgen@example.com";
  const from = { address: "zugänge@example.org" };
  await using able = await startSmtpServer();
  await using sending = testTransport(able.port);
  assert.ok((await sending.send(testMessage({ to }), never())).ok);
  assert.deepEqual(able.mails[0]?.to, [to]);
  await using unable = await startSmtpServer({ hideSMTPUTF8: true });
  await using transport = testTransport(unable.port);
  const recipient = await transport.send(testMessage({ to }), never());
  assert.ok(!recipient.ok);
  assert.deepEqual([recipient.category, recipient.retry], ["recipient", "never"]);
  assert.match(
    recipient.error,
    /does not offer SMTPUTF8, which the address 'jürgen@example\.com' needs$/,
  );
  const sender = await transport.send(testMessage({ from }), never());
  assert.ok(!sender.ok);
  assert.deepEqual([sender.category, sender.retry], ["configuration", "transport"]);
  assert.match(sender.error, /which the sender 'zugänge@example\.org' needs$/);
  // Domains have an ASCII form.
  assert.ok((await transport.send(testMessage({ to: "bob@bücher.example" }), never())).ok);
  assert.equal(unable.mails.length, 1);
});

Deno.test("send() waits for a server that takes its time to greet", async () => {
  await using server = await startSmtpServer({
    onConnect: (_session, done) => void setTimeout(done, 1500),
  });
  const patient = {
    timeouts: { connectMs: 1000, greetingMs: 20_000, sendMs: 20_000, contentMs: 5000 },
  };
  await using transport = testTransport(server.port, {}, patient);
  assert.ok((await transport.send(testMessage(), never())).ok);
  const short = { timeouts: { connectMs: 500, greetingMs: 300, sendMs: 20_000, contentMs: 5000 } };
  await using hasty = testTransport(server.port, {}, short);
  const receipt = await hasty.send(testMessage(), never());
  assert.ok(!receipt.ok && receipt.category === "timeout");
});
