import assert from "node:assert/strict";
import { type MailServer, startMailServer } from "../../../sim/mail/mail_server.ts";
import { startTokenServer } from "../../../sim/mail/token_server.ts";
import { fakeLog } from "../../testing/fake_log.ts";
import { startLineServer } from "../testing/line_server.ts";
import { never, testMessage, testTransport } from "../testing/smtp_client.ts";
import type { SmtpDeps } from "./transport.ts";
import type { PasswordAuth, SmtpOptions, TokenAuth } from "./options.ts";

const text = (value: string) => () => Promise.resolve(value);
const MAILBOX = "teleport@example.com";
const PASSWORD: PasswordAuth = { username: "alice", password: text("hunter2-secret") };

/** Answers by the beginning of a line; the first that fits. */
type Script = readonly (readonly [begins: string, answer: string])[];

const TAKES_MAILS: Script = [
  ["HELO", "250 test"],
  ["MAIL", "250 ok"],
  ["RCPT", "250 ok"],
  ["DATA", "354 go on"],
  [".", "250 taken"],
  ["RSET", "250 ok"],
  ["QUIT", "221 bye"],
];

function startScript(script: Script) {
  const answers = [...script, ...TAKES_MAILS];
  return startLineServer(
    "220 test",
    (line) => answers.find(([begins]) => line.startsWith(begins))?.[1] ?? "silence",
  );
}

async function sendTo(port: number, auth: SmtpOptions["auth"] & object, deps: SmtpDeps = {}) {
  await using transport = testTransport(port, { auth }, deps);
  return await transport.send(testMessage(), never());
}

Deno.test("send() gives a password to no server that did not offer a mechanism in use", async () => {
  const servers: readonly Script[] = [
    [["EHLO", "250 test"]],
    [["EHLO", "250-test\r\n250 AUTH NTLM GSSAPI"]],
    [["EHLO", "250-test\r\n250 AUTH XOAUTH2"]],
    // It knows no EHLO, and so no AUTH.
    [["EHLO", "502 not implemented"]],
  ];
  for (const script of servers) {
    await using server = await startScript(script);
    const log = fakeLog();
    await using transport = testTransport(server.port, { auth: PASSWORD }, { log });
    for (let i = 0; i < 2; i++) {
      assert.ok((await transport.send(testMessage(), never())).ok, JSON.stringify(script));
    }
    assert.ok(!server.lines.some((line) => line.startsWith("AUTH")));
    // One warning that names the cure.
    const warnings = log.lines.filter(({ level }) => level === "warn");
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]?.message ?? "", /remove smtp\.username/);
  }
});

Deno.test("send() uses no other mechanism than the one that is configured", async () => {
  await using server = await startScript([["EHLO", "250-test\r\n250 AUTH PLAIN LOGIN"]]);
  assert.ok((await sendTo(server.port, { ...PASSWORD, method: "cram-md5" })).ok);
  assert.ok(!server.lines.some((line) => line.startsWith("AUTH")));
});

Deno.test("send() with a login that is required sends nothing without it", async () => {
  await using server = await startScript([["EHLO", "250-test\r\n250 AUTH NTLM"]]);
  const receipt = await sendTo(server.port, { ...PASSWORD, isRequired: true });
  assert.ok(!receipt.ok);
  assert.deepEqual([receipt.category, receipt.retry], ["authentication", "transport"]);
  assert.match(
    receipt.error,
    /^Cannot log in .*: the server offers none of the supported mechanisms: PLAIN/,
  );
  assert.ok(!server.lines.some((line) => /^(MAIL|AUTH)/.test(line)));
});

Deno.test("send() without login pauses at a server that wants one, and says so", async () => {
  for (const step of ["MAIL", "RCPT"]) {
    await using server = await startScript([
      ["EHLO", "250-test\r\n250 AUTH GSSAPI"],
      [step, "530 5.7.0 Authentication required"],
    ]);
    const receipt = await sendTo(server.port, PASSWORD);
    assert.ok(!receipt.ok);
    assert.deepEqual([receipt.category, receipt.retry], ["authentication", "transport"]);
    assert.match(receipt.error, /530 5\.7\.0 Authentication required/);
  }
});

Deno.test("send() falls back to LOGIN once where PLAIN is broken, and goes on with it", async () => {
  await using server = await startScript([
    ["EHLO", "250-test\r\n250 AUTH LOGIN PLAIN"],
    ["AUTH PLAIN", "535 5.7.8 Error: authentication failed"],
    ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
    [btoa("alice"), "334 UGFzc3dvcmQ6"],
    [btoa("hunter2-secret"), "235 welcome"],
  ]);
  await using transport = testTransport(server.port, { auth: PASSWORD, maxConnections: 1 });
  assert.ok((await transport.send(testMessage(), never())).ok);
  assert.equal((await transport.verify?.(never()))?.ok, true);
  const commands = () => server.lines.filter((line) => line.startsWith("AUTH"));
  assert.match(commands()[0] ?? "", /^AUTH PLAIN /);
  assert.equal(commands()[1], "AUTH LOGIN");
});

Deno.test("send() tries a wrong password by LOGIN once, and then no more", async () => {
  await using server = await startScript([
    ["EHLO", "250-test\r\n250 AUTH LOGIN PLAIN"],
    ["AUTH PLAIN", "535 5.7.8 bad password"],
    ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
    [btoa("alice"), "334 UGFzc3dvcmQ6"],
    [btoa("hunter2-secret"), "535 5.7.8 bad password"],
  ]);
  await using transport = testTransport(server.port, { auth: PASSWORD });
  for (let i = 0; i < 3; i++) {
    const receipt = await transport.send(testMessage(), never());
    assert.match(receipt.ok ? "" : receipt.error, /during AUTH PLAIN: 535 5\.7\.8 bad password$/);
  }
  assert.equal(server.lines.filter((line) => line.startsWith("AUTH PLAIN")).length, 3);
  assert.equal(server.lines.filter((line) => line === "AUTH LOGIN").length, 1);
});

Deno.test("send() does not fall back where the server says what is wrong", async () => {
  for (
    const reply of [
      "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
      "534 5.7.9 Application-specific password required",
      "454 4.7.0 Temporary authentication failure",
    ]
  ) {
    await using server = await startScript([
      ["EHLO", "250-test\r\n250 AUTH LOGIN PLAIN"],
      ["AUTH PLAIN", reply],
    ]);
    const receipt = await sendTo(server.port, PASSWORD);
    assert.ok(!receipt.ok && receipt.error.includes(reply));
    assert.ok(!server.lines.includes("AUTH LOGIN"));
  }
});

Deno.test("send() names OAuth 2.0 as the cure where Microsoft has switched passwords off", async () => {
  for (
    const reply of [
      "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
      "550 5.7.30 Basic authentication is not supported for Client Submission.",
    ]
  ) {
    await using server = await startScript([
      ["EHLO", "250-test\r\n250 AUTH LOGIN"],
      ["AUTH LOGIN", reply],
    ]);
    const receipt = await sendTo(server.port, PASSWORD);
    assert.ok(!receipt.ok);
    assert.equal(receipt.category, "authentication");
    assert.match(receipt.remedy ?? "", /\[smtp\.oauth2\]/);
  }
});

/** A long password does not fit into the command (RFC 4954 §4). */
Deno.test("send() puts what is too long for the command on a line of its own", async () => {
  const password = "x".repeat(600);
  const response = btoa(`\0alice\0${password}`);
  await using server = await startScript([
    ["EHLO", "250-test\r\n250 AUTH PLAIN"],
    ["AUTH PLAIN", "334 "],
    [response, "235 welcome"],
  ]);
  assert.ok((await sendTo(server.port, { username: "alice", password: text(password) })).ok);
  assert.ok(server.lines.every((line) => line === response || line.length <= 510));
});

interface Services extends AsyncDisposable {
  readonly mail: MailServer;
  readonly tokens: Awaited<ReturnType<typeof startTokenServer>>;
  readonly auth: TokenAuth;
}

async function startServices(tokenRefusal: "535" | "334" = "535"): Promise<Services> {
  await using stack = new AsyncDisposableStack();
  const tokens = stack.use(
    await startTokenServer({ clients: { app: { secret: "app-secret-1" } } }),
  );
  const mail = stack.use(
    await startMailServer({
      tokens: { mailbox: MAILBOX, accepts: (token) => tokens.accepts(token) },
      tokenRefusal,
      allowInsecureAuth: true,
      hideStarttls: true,
    }),
  );
  const auth: TokenAuth = {
    username: MAILBOX,
    rootCas: text(tokens.caPem),
    oauth: {
      kind: "endpoint",
      provider: "microsoft",
      tokenUrl: tokens.tokenUrl,
      clientId: "app",
      proof: { kind: "secret", secret: text("app-secret-1"), inHeader: false },
      grant: { kind: "client_credentials" },
      scope: "https://outlook.office365.com/.default",
    },
  };
  const owned = stack.move();
  return { mail, tokens, auth, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

Deno.test("send() logs in with an access token, which all connections share", async () => {
  await using services = await startServices();
  const { mail, tokens, auth } = services;
  await using transport = testTransport(mail.port, { auth });
  const receipts = await Promise.all(
    Array.from({ length: 8 }, () => transport.send(testMessage(), never())),
  );
  assert.ok(receipts.every(({ ok }) => ok), JSON.stringify(receipts));
  assert.ok(mail.mails.every(({ user }) => user === MAILBOX));
  assert.equal(tokens.calls, 1);
});

Deno.test("send() replaces a token that the server refuses, once, with and without a challenge", async () => {
  for (const refusal of ["535", "334"] as const) {
    await using services = await startServices(refusal);
    const { mail, tokens, auth } = services;
    await using transport = testTransport(mail.port, { auth, maxConnections: 1 });
    assert.ok((await transport.send(testMessage(), never())).ok);
    mail.breakConnections();
    tokens.revokeAll();
    assert.ok((await transport.send(testMessage(), never())).ok);
    assert.deepEqual([tokens.calls, mail.mails.length], [2, 2]);
  }
});

Deno.test("send() reports a mailbox that takes no token, and asks for one more, not for many", async () => {
  for (const refusal of ["535", "334"] as const) {
    await using services = await startServices(refusal);
    const { mail, tokens, auth } = services;
    await using transport = testTransport(mail.port, {
      auth: { ...auth, username: "other@example.com" },
    });
    const receipt = await transport.send(testMessage(), never());
    assert.ok(!receipt.ok);
    assert.deepEqual([receipt.category, receipt.retry], ["authentication", "transport"]);
    assert.match(receipt.error, /during AUTH XOAUTH2: 535/);
    assert.match(receipt.remedy ?? "", /SMTP\.SendAsApp/);
    if (refusal === "334") assert.match(receipt.error, /\(status 400, scope https:\/\/mail/);
    assert.equal(tokens.calls, 2);
  }
});

Deno.test("send() tells the token endpoint's trouble from the mail server's", async () => {
  await using services = await startServices();
  const { mail, tokens, auth } = services;
  await using transport = testTransport(mail.port, { auth });
  tokens.failNext(401, { error: "invalid_client", error_codes: [7000222], trace_id: "t-1" });
  const receipt = await transport.send(testMessage(), never());
  assert.ok(!receipt.ok);
  assert.deepEqual([receipt.category, receipt.retry], ["authentication", "transport"]);
  assert.match(
    receipt.error,
    /^Cannot get an access token from '.*': invalid_client \(AADSTS7000222\), trace id t-1$/,
  );
  assert.match(receipt.remedy ?? "", /client secret has expired/);
  await using later = testTransport(mail.port, { auth });
  tokens.failNext(503, "<html>", { "retry-after": "9" });
  const busy = await later.send(testMessage(), never());
  assert.ok(!busy.ok);
  assert.deepEqual([busy.category, busy.retry, busy.retryAfterMs], ["server", "transport", 9000]);
});

Deno.test("send() uses OAUTHBEARER where only that is offered, and says when nothing is", async () => {
  const token = "opaque-token-that-is-long-enough";
  const auth: TokenAuth = {
    username: "a,b=c@example.com",
    oauth: { kind: "file", token: text(`${token}\n`) },
  };
  const response = btoa(
    `n,a=a=2Cb=3Dc@example.com,\x01host=mail.test\x01port=PORT\x01auth=Bearer ${token}\x01\x01`,
  );
  await using server = await startScript([
    ["EHLO", "250-test\r\n250 AUTH OAUTHBEARER SCRAM-SHA-256"],
    ["AUTH OAUTHBEARER", "235 welcome"],
  ]);
  assert.ok((await sendTo(server.port, auth)).ok);
  const sent = server.lines.find((line) => line.startsWith("AUTH"))?.split(" ")[2] ?? "";
  assert.equal(atob(sent), atob(response).replace("PORT", String(server.port)));
  for (
    const [offer, words] of [
      ["250-test\r\n250 AUTH PLAIN LOGIN", /it offers only PLAIN, LOGIN$/],
      ["250 test", /it offers no login$/],
    ] as const
  ) {
    await using without = await startScript([["EHLO", offer]]);
    const receipt = await sendTo(without.port, auth);
    assert.ok(!receipt.ok);
    assert.deepEqual([receipt.category, receipt.retry], ["authentication", "transport"]);
    assert.match(receipt.error, words);
    assert.ok(!without.lines.some((line) => line.startsWith("AUTH")));
  }
});

Deno.test("send() ends a refused OAUTHBEARER exchange as RFC 7628 says", async () => {
  await using server = await startScript([
    ["EHLO", "250-test\r\n250 AUTH OAUTHBEARER"],
    ["AUTH", `334 ${btoa('{"status":"invalid_token","scope":"mail"}')}`],
    ["AQ==", "535 5.7.8 no"],
  ]);
  const auth: TokenAuth = { username: MAILBOX, oauth: { kind: "file", token: text("opaque") } };
  const receipt = await sendTo(server.port, auth);
  assert.match(
    receipt.ok ? "" : receipt.error,
    /535 5\.7\.8 no \(status invalid_token, scope mail\)$/,
  );
});

Deno.test("send() shows no token when the server repeats what it got, or a piece of it", async () => {
  const token = `eyJ${"secret".repeat(30)}`;
  const auth: TokenAuth = { username: MAILBOX, oauth: { kind: "file", token: text(token) } };
  for (const shown of [(line: string) => line, (line: string) => line.slice(0, 90)]) {
    await using server = await startLineServer("220 test", (line) => {
      if (line.startsWith("EHLO")) return "250-test\r\n250 AUTH XOAUTH2";
      return line.startsWith("AUTH") ? `535 5.7.3 bad: ${shown(line)}` : "250 ok";
    });
    const receipt = await sendTo(server.port, auth);
    const error = receipt.ok ? "" : receipt.error;
    assert.match(error, /535 5\.7\.3 bad: .*\*\*\*/);
    assert.doesNotMatch(error, /c2VjcmV0|secret/);
  }
});

Deno.test("send() reads an access token's file for each login, and says when it has expired", async () => {
  const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const jwt = (expS: number) => `${part({ alg: "none" })}.${part({ exp: expS })}.x`;
  let file = jwt(Date.UTC(2020, 0) / 1000);
  const auth: TokenAuth = {
    username: MAILBOX,
    oauth: { kind: "file", token: () => Promise.resolve(file) },
  };
  await using server = await startScript([
    ["EHLO", "250-test\r\n250 AUTH XOAUTH2"],
    ["AUTH", "235 welcome"],
  ]);
  const expired = await sendTo(server.port, auth);
  assert.match(
    expired.ok ? "" : expired.error,
    /access_token_file expired at 2020-01-01T00:00:00\.000Z$/,
  );
  file = jwt(Date.UTC(2100, 0) / 1000);
  assert.ok((await sendTo(server.port, auth)).ok);
  const missing: TokenAuth = {
    username: MAILBOX,
    oauth: { kind: "file", token: () => Promise.reject(new Error("open /x: no such file")) },
  };
  const receipt = await sendTo(server.port, missing);
  assert.ok(!receipt.ok);
  assert.deepEqual([receipt.category, receipt.retry], ["configuration", "transport"]);
});
