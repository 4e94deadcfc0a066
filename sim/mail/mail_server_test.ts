import assert from "node:assert/strict";
import nodemailer from "nodemailer";
import { type MailServer, type MailServerOptions, startMailServer } from "./mail_server.ts";

const USER = { username: "teleport", password: "secret" };

function transport(server: MailServer, extra: Record<string, unknown> = {}) {
  const { implicitTls = false, auth, hideAuth } = server.options;
  return nodemailer.createTransport({
    host: "127.0.0.1",
    port: server.port,
    secure: implicitTls,
    requireTLS: !implicitTls,
    tls: { ca: server.caPem, servername: "localhost" },
    ...auth && !hideAuth && { auth: { user: auth.username, pass: auth.password } },
    name: "test.example.com",
    ...extra,
  });
}

const MAIL = { from: "a@example.com", to: "b@example.com", subject: "Grüße", text: "Hällo\n.\n" };

for (
  const options of [
    {},
    { auth: USER },
    { auth: USER, hideAuth: true },
    { implicitTls: true, auth: USER },
  ] satisfies MailServerOptions[]
) {
  Deno.test(`MailServer keeps a mail with options ${JSON.stringify(options)}`, async () => {
    await using server = await startMailServer(options);
    await transport(server).sendMail(MAIL);
    const [mail] = await server.waitForMails(1);
    assert.ok(mail);
    assert.deepEqual(mail.envelope, { from: "a@example.com", to: ["b@example.com"] });
    assert.equal(mail.parsed.subject, "Grüße");
    assert.equal(mail.parsed.text, "Hällo\n.\n");
    assert.match(mail.raw, /^From: a@example.com\r\n/m);
    assert.equal(mail.tls, true);
    assert.equal(mail.user, options.auth && !options.hideAuth ? "teleport" : undefined);
  });
}

Deno.test("MailServer hides STARTTLS on demand", async () => {
  await using server = await startMailServer({ hideStarttls: true });
  await assert.rejects(transport(server).sendMail(MAIL), { code: "ETLS" });
  await transport(server, { requireTLS: false }).sendMail(MAIL);
  assert.equal(server.mails[0]?.tls, false);
});

Deno.test("MailServer refuses a wrong password and an absent one", async () => {
  await using server = await startMailServer({ auth: USER });
  const wrong = transport(server, { auth: { user: "teleport", pass: "wrong" } });
  await assert.rejects(wrong.sendMail(MAIL), { code: "EAUTH", responseCode: 535 });
  const none = transport(server, { auth: undefined });
  await assert.rejects(none.sendMail(MAIL), { responseCode: 530 });
});

Deno.test("MailServer survives a client that does not trust it", async () => {
  await using server = await startMailServer();
  await assert.rejects(transport(server, { tls: { servername: "localhost" } }).sendMail(MAIL));
  await transport(server).sendMail(MAIL);
  assert.equal(server.mails.length, 1);
});

Deno.test("MailServer refuses mails, recipients and logins as often as demanded", async () => {
  await using server = await startMailServer({ auth: USER });
  const sender = transport(server);
  server.failNextAuths(454, "4.7.0 Temporary failure");
  await assert.rejects(sender.sendMail(MAIL), { responseCode: 454 });
  server.failNextMails(421, "4.3.2 Shutting down", 2);
  await assert.rejects(sender.sendMail(MAIL), { responseCode: 421 });
  await assert.rejects(sender.sendMail(MAIL), { responseCode: 421 });
  server.denyRecipient("b@example.com", 451, "4.2.1 Greylisted", 1);
  await assert.rejects(sender.sendMail(MAIL), { responseCode: 451 });
  server.failNextDatas(554, "5.7.1 Spam");
  await assert.rejects(sender.sendMail(MAIL), { responseCode: 554 });
  assert.equal(server.mails.length, 0);
  server.denyRecipient("c@example.com", 550, "5.1.1 No such user");
  const info = await sender.sendMail({ ...MAIL, to: ["b@example.com", "c@example.com"] });
  assert.deepEqual(info.rejected, ["c@example.com"]);
  assert.deepEqual(server.mails[0]?.envelope.to, ["b@example.com"]);
});

Deno.test("MailServer keeps a mail although it hangs up on it", async () => {
  await using server = await startMailServer();
  server.hangUpAfterData();
  await assert.rejects(transport(server).sendMail(MAIL));
  assert.equal(server.mails.length, 1);
  await transport(server).sendMail(MAIL);
  assert.equal(server.mails.length, 2);
});

Deno.test("MailServer stops and restarts on its port", async () => {
  await using server = await startMailServer();
  const { port } = server;
  await server.stop();
  await assert.rejects(transport(server).sendMail(MAIL), { code: /ESOCKET|ECONNECTION/ });
  await server.start();
  assert.equal(server.port, port);
  await transport(server).sendMail(MAIL);
});

Deno.test("MailServer delays its replies", async () => {
  await using server = await startMailServer();
  server.replyDelayMs = 40;
  const start = Date.now();
  await transport(server).sendMail(MAIL);
  assert.ok(Date.now() - start >= 4 * 40);
});

Deno.test("Mailbox can be waited for and iterated", async () => {
  await using server = await startMailServer();
  await assert.rejects(server.waitForMails(1, 5), {
    message: "Cannot wait for 1 mails: 0 arrived within 5 ms",
  });
  const sent = transport(server).sendMail(MAIL);
  for await (const mail of server.mailbox) {
    assert.equal(mail.parsed.subject, "Grüße");
    break;
  }
  await sent;
});
