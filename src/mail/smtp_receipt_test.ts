import assert from "node:assert/strict";
import { type Answer, startLineServer } from "./testing/line_server.ts";
import { never, testMessage, testTransport } from "./testing/smtp_client.ts";
import { smtpError, startSmtpServer } from "./testing/smtp_server.ts";
import type { Receipt } from "./transport.ts";

/** Answers as a server does that takes everything, except for the given commands. */
function script(special: Readonly<Record<string, Answer>>): (line: string) => Answer {
  const normal: Readonly<Record<string, Answer>> = {
    EHLO: "250 test",
    MAIL: "250 ok",
    RCPT: "250 ok",
    DATA: "354 go on",
    ".": "250 taken",
    RSET: "250 ok",
    QUIT: "221 bye",
  };
  const answers = { ...normal, ...special };
  return (line) => answers[line.split(" ")[0] ?? ""] ?? "silence";
}

function assertRefused(receipt: Receipt | undefined, verdict: string, words: RegExp): void {
  assert.ok(receipt && !receipt.ok, "accepted");
  assert.equal(`${receipt.category} ${receipt.retry}`, verdict, receipt.error);
  assert.match(receipt.error, words);
}

Deno.test("send() says what each step failed with", async () => {
  const cases: readonly [Readonly<Record<string, Answer>>, string, RegExp][] = [
    [{ EHLO: "421 too busy" }, "server transport", /^Cannot connect .* EHLO: 421 too busy$/],
    [{ EHLO: "500 what", HELO: "500 what" }, "server transport", /during HELO: 500 what$/],
    [{ MAIL: "451 later" }, "server later", /^Cannot send mail .* MAIL FROM: 451 later$/],
    [{ MAIL: "550 not you" }, "configuration transport", /MAIL FROM: 550 not you$/],
    [{ RCPT: "450 greylisted" }, "server later", /RCPT TO: 450 greylisted$/],
    [{ RCPT: "550-no\r\n550 such user" }, "recipient never", /RCPT TO: 550-no 550 such user$/],
    [{ RCPT: "421 closing" }, "server transport", /RCPT TO: 421 closing$/],
    [{ DATA: "451 later" }, "server later", /DATA: 451 later$/],
    [{ ".": "451 later" }, "server later", /DATA: 451 later$/],
    [{ ".": "554 spam" }, "message never", /DATA: 554 spam$/],
    [{ EHLO: "close" }, "network transport", /^Cannot connect to SMTP server/],
    [{ MAIL: "close" }, "network transport", /Connection closed/],
    [{ ".": "close" }, "network later", /^Cannot send mail .* during DATA: Connection closed/],
  ];
  for (const [special, verdict, words] of cases) {
    await using server = await startLineServer("220 test", script(special));
    await using transport = testTransport(server.port);
    assertRefused(await transport.send(testMessage(), never()), verdict, words);
  }
});

Deno.test("send() judges the greeting", async () => {
  const cases: readonly [Answer, string, RegExp][] = [
    ["554 go away", "server transport", /: 554 go away$/],
    ["421 too busy", "server transport", /: 421 too busy$/],
    ["close", "network transport", /: Connection closed$/],
    ["HTTP/1.1 400 Bad Request", "configuration transport", /: no SMTP server, it says HTTP/],
  ];
  for (const [greeting, verdict, words] of cases) {
    await using server = await startLineServer(greeting, script({}));
    await using transport = testTransport(server.port);
    assertRefused(await transport.send(testMessage(), never()), verdict, words);
    assertRefused(await transport.verify?.(never()), verdict, /^Cannot connect/);
  }
});

Deno.test("send() does not wait for a silent server for ever", async () => {
  const timeouts = { connectMs: 100, greetingMs: 100, silenceMs: 150, sendMs: 400 };
  const cases: readonly [Answer, Readonly<Record<string, Answer>>, string][] = [
    ["silence", {}, "timeout transport"],
    ["220 test", { EHLO: "silence" }, "timeout transport"],
    ["220 test", { RCPT: "silence" }, "timeout transport"],
    ["220 test", { ".": "silence" }, "timeout later"],
  ];
  for (const [greeting, special, verdict] of cases) {
    await using server = await startLineServer(greeting, script(special));
    await using transport = testTransport(server.port, {}, { timeouts });
    assertRefused(await transport.send(testMessage(), never()), verdict, /^Cannot/);
  }
});

Deno.test("send() bounds the whole attempt although the server keeps talking", async () => {
  const timeouts = { connectMs: 1000, greetingMs: 1000, silenceMs: 1000, sendMs: 150 };
  await using server = await startLineServer("220 test", script({ MAIL: "250-wait" }));
  await using transport = testTransport(server.port, {}, { timeouts });
  const receipt = await transport.send(testMessage(), never());
  assertRefused(receipt, "timeout transport", /no end within the time limit$/);
});

Deno.test("send() reports that nobody listens and that a name is unknown", async () => {
  const port = await (async () => {
    await using server = await startLineServer("220 test");
    return server.port;
  })();
  await using closed = testTransport(port);
  assertRefused(await closed.send(testMessage(), never()), "network transport", /REFUSED|refused/);
  await using unknown = testTransport(port, {}, {
    lookup: () => Promise.reject(new Error("getaddrinfo ENOTFOUND mail.test")),
  });
  assertRefused(
    await unknown.send(testMessage(), never()),
    "network transport",
    /^Cannot connect to SMTP server 'mail\.test:\d+': cannot resolve 'mail\.test': .*ENOTFOUND/,
  );
});

Deno.test("send() goes on to the next address when one does not answer", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port, {}, {
    lookup: () => Promise.resolve(["::1", "127.0.0.2", "127.0.0.1"]),
  });
  assert.equal((await transport.send(testMessage(), never())).ok, true);
});

Deno.test("send() uses a connection again after a refused recipient", async () => {
  await using server = await startSmtpServer({
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith("bob") ? smtpError(550, "unknown user") : null),
  });
  await using transport = testTransport(server.port, { maxConnections: 1 });
  assertRefused(
    await transport.send(testMessage(), never()),
    "recipient never",
    /550 unknown user/,
  );
  assert.equal((await transport.send(testMessage({ to: "carol@b.c" }), never())).ok, true);
  assert.equal(server.connections, 1);
});

Deno.test("send() opens a new connection when the server closed a warm one", async () => {
  let mails = 0;
  await using server = await startLineServer("220 test", (line) => {
    if (line.startsWith("MAIL") && ++mails === 2) return "421 idle for too long";
    return script({})(line);
  });
  await using transport = testTransport(server.port, { maxConnections: 1 });
  assert.equal((await transport.send(testMessage(), never())).ok, true);
  assert.equal((await transport.send(testMessage(), never())).ok, true);
});
