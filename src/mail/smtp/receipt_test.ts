import assert from "node:assert/strict";
import type { SmtpOptions } from "./options.ts";
import type { SmtpTimeouts } from "./pool.ts";
import { type SmtpAttempt, smtpRefusal } from "./receipt.ts";
import { createTestAuthority } from "../testing/certificates.ts";
import { type Answer, startLineServer } from "../testing/line_server.ts";
import { never, testMessage, testTransport } from "../testing/smtp_client.ts";
import { smtpError, startSmtpServer } from "../testing/smtp_server.ts";
import type { Receipt } from "../transport.ts";

/** Answers by command; `greeting` is what comes before all commands, `.` ends the content. */
type Script = Readonly<Record<string, Answer>>;

const TAKES_EVERYTHING: Script = {
  greeting: "220 test",
  EHLO: "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN",
  AUTH: "235 welcome",
  MAIL: "250 ok",
  RCPT: "250 ok",
  DATA: "354 go on",
  ".": "250 taken",
  RSET: "250 ok",
  QUIT: "221 bye",
};

function startScript(special: Script) {
  const script = { ...TAKES_EVERYTHING, ...special };
  const answer = (line: string) => script[line.split(" ")[0] ?? ""] ?? "silence";
  return startLineServer(script["greeting"] ?? "silence", answer);
}

async function attempt(
  special: Script,
  options: Partial<SmtpOptions> = {},
  timeouts?: SmtpTimeouts,
): Promise<Receipt> {
  await using server = await startScript(special);
  await using transport = testTransport(server.port, options, timeouts ? { timeouts } : {});
  return await transport.send(testMessage(), never());
}

function assertRefused(receipt: Receipt | undefined, verdict: string, words: RegExp): void {
  assert.ok(receipt && !receipt.ok, "accepted");
  assert.equal(`${receipt.category} ${receipt.retry}`, verdict, receipt.error);
  assert.match(receipt.error, words);
}

const LOGIN: Partial<SmtpOptions> = {
  auth: { username: "alice", password: () => Promise.resolve("hunter2") },
};
const MANDATORY: Partial<SmtpOptions> = { starttlsPolicy: "mandatory" };
const OPPORTUNISTIC: Partial<SmtpOptions> = { starttlsPolicy: "opportunistic" };
const IMPLICIT: Partial<SmtpOptions> = { implicitTls: true };

/** Silence is what is tested, so it may end soon. */
const IMPATIENT: SmtpTimeouts = { connectMs: 100, greetingMs: 100, sendMs: 250, contentMs: 250 };

/** The columns of the table: what a server may say or do at any step. */
const FAULTS = {
  "4xx": ["450 4.3.2 not now", "450-4.3.2 not now,\r\n450 4.3.2 really"],
  "5xx": ["550 5.0.0 no", "550-5.0.0 no,\r\n550 5.0.0 never"],
  "421": ["421 4.3.2 closing", "421-4.3.2 closing\r\n421 4.3.2 now"],
  gone: ["close", "reset"],
  silent: ["silence", "250-and there is more"],
  foreign: ["HTTP/1.1 400 Bad Request", "what?"],
} as const;

const CONNECT = /^Cannot connect to SMTP server 'mail\.test:\d+'/;
const SEND = /^Cannot send mail through SMTP server 'mail\.test:\d+' during /;
const EITHER = /^Cannot (connect|log in) to SMTP server 'mail\.test:\d+'/;

const NONE: Partial<SmtpOptions> = {};

/** Options under which a server is asked for the step. */
const OPTIONS: Readonly<Record<string, readonly Partial<SmtpOptions>[]>> = {
  STARTTLS: [MANDATORY, OPPORTUNISTIC],
  AUTH: [LOGIN],
};

/**
 * Category and retry class for each step and fault; docs/operate/delivery-errors.md has it in words. After the
 * content the server may have the mail: only that mail waits, and comes again with the same id.
 */
const TABLE = `
step      4xx                       5xx                       421               gone               silent             foreign
greeting  server transport          server transport          server transport  network transport  timeout transport  configuration transport
EHLO      server transport          server transport          server transport  network transport  timeout transport  configuration transport
STARTTLS  tls transport             tls transport             server transport  network transport  timeout transport  configuration transport
AUTH      authentication transport  authentication transport  server transport  network transport  timeout transport  configuration transport
MAIL      server later              configuration transport   server transport  network transport  timeout transport  configuration transport
RCPT      server later              policy later              server transport  network transport  timeout transport  configuration transport
DATA      server later              policy later              server transport  network transport  timeout transport  configuration transport
.         server later              policy later              server transport  network later      timeout later      configuration later
`;

const [[, ...faults] = [], ...rows] = TABLE.trim().split("\n").map((row) => row.split(/ {2,}/));

for (const [step = "", ...verdicts] of rows) {
  Deno.test(`send() sorts every fault at ${step}`, async () => {
    for (const [column, fault] of faults.entries()) {
      for (const answer of FAULTS[fault as keyof typeof FAULTS]) {
        for (const options of OPTIONS[step] ?? [NONE]) {
          await assertSorted(step, fault, answer, options, verdicts[column] ?? "");
        }
      }
    }
  });
}

async function assertSorted(
  step: string,
  fault: string,
  answer: Answer,
  options: Partial<SmtpOptions>,
  verdict: string,
): Promise<void> {
  // A server that does not know EHLO is greeted with HELO; this one knows neither.
  const special = { [step]: answer, ...(step === "EHLO" ? { HELO: answer } : {}) };
  const receipt = await attempt(special, options, fault === "silent" ? IMPATIENT : undefined);
  const isEarly = /^(greeting|EHLO|STARTTLS|AUTH)$/.test(step);
  assertRefused(receipt, verdict, isEarly ? EITHER : step === "." ? SEND : /^Cannot /);
  // The log has to have the server's own words.
  const hasWords = fault !== "gone" && fault !== "silent";
  assert.ok(!hasWords || !receipt.ok && receipt.error.endsWith(answer.replace("\r\n", " ")));
}

Deno.test("send() sorts faults of TLS", async () => {
  const cases: readonly [Script, Partial<SmtpOptions>, string][] = [
    [{ STARTTLS: "garble" }, MANDATORY, "tls transport"],
    [{ STARTTLS: "garble" }, OPPORTUNISTIC, "tls transport"],
    [{ STARTTLS: "220 go on" }, MANDATORY, "timeout transport"],
    // SMTP in the clear, where TLS is expected from the first byte.
    [{}, IMPLICIT, "tls transport"],
    [{ greeting: "silence" }, IMPLICIT, "timeout transport"],
    [{ greeting: "close" }, IMPLICIT, "network transport"],
    [{ greeting: "reset" }, IMPLICIT, "network transport"],
  ];
  for (const [special, options, verdict] of cases) {
    const timeouts = verdict.startsWith("timeout") ? IMPATIENT : undefined;
    assertRefused(await attempt(special, options, timeouts), verdict, CONNECT);
  }
});

Deno.test("send() reports that the server's certificate has expired", async () => {
  const authority = await createTestAuthority();
  const expired = await authority.issue(["mail.test"], new Date(Date.now() - 60_000));
  for (const [server, how] of [[{}, MANDATORY], [{ secure: true }, IMPLICIT]] as const) {
    await using smtp = await startSmtpServer({ ...server, ...expired });
    await using transport = testTransport(smtp.port, {
      ...how,
      rootCas: () => Promise.resolve(authority.cert),
    });
    const receipt = await transport.send(testMessage(), never());
    assertRefused(receipt, "tls transport", /^Cannot connect .*certificate.*expired/i);
  }
});

Deno.test("verify() classifies the faults that it meets", async () => {
  const cases: readonly [Script, string][] = [
    [{ greeting: "554 go away" }, "server transport"],
    [{ greeting: "close" }, "network transport"],
    [{ greeting: "HTTP/1.1 400 Bad Request" }, "configuration transport"],
    [{ EHLO: "421 closing" }, "server transport"],
    [{ AUTH: "535 5.7.8 bad password" }, "authentication transport"],
  ];
  for (const [special, verdict] of cases) {
    await using server = await startScript(special);
    await using transport = testTransport(server.port, LOGIN);
    assertRefused(await transport.verify?.(never()), verdict, EITHER);
  }
});

Deno.test("send() limits the whole attempt although every wait is short", async () => {
  const timeouts = { connectMs: 1000, greetingMs: 1000, sendMs: 150, contentMs: 0 };
  const receipt = await attempt({ MAIL: "250-wait" }, {}, timeouts);
  assertRefused(receipt, "timeout transport", /not finished within the time limit$/);
});

Deno.test("send() waits for a server that is slow to accept the content", async () => {
  const timeouts = { connectMs: 1000, greetingMs: 1000, sendMs: 500, contentMs: 20_000 };
  let taken = false;
  const slow = { ...TAKES_EVERYTHING, ".": "silence" };
  await using server = await startLineServer(
    "220 test",
    (line, say) => {
      if (line === ".") {
        setTimeout(() => {
          taken = true;
          say("250 taken");
        }, 1000);
      }
      return slow[line.split(" ")[0] as keyof typeof slow] ?? "silence";
    },
  );
  await using transport = testTransport(server.port, {}, { timeouts });
  const receipt = await transport.send(testMessage(), never());
  assert.deepEqual([receipt.ok, taken], [true, true]);
});

Deno.test("send() gives a mail whose acceptance was not heard of once, and again under its id", async () => {
  await using server = await startScript({ ".": "close" });
  await using transport = testTransport(server.port);
  const ids = () => server.lines.filter((line) => line.startsWith("Message-ID:"));
  assertRefused(await transport.send(testMessage(), never()), "network later", SEND);
  // nodemailer repeats mails over a fresh connection: not one that the server may have.
  assert.deepEqual(ids(), ["Message-ID: <id-1@example.org>"]);
  await transport.send(testMessage(), never());
  assert.deepEqual(ids(), ["Message-ID: <id-1@example.org>", "Message-ID: <id-1@example.org>"]);
});

Deno.test("send() reports a closed port and an unknown name", async () => {
  const port = await (async () => {
    await using server = await startLineServer("220 test");
    return server.port;
  })();
  await using closed = testTransport(port);
  assertRefused(await closed.send(testMessage(), never()), "network transport", /refused/i);
  await using unknown = testTransport(port, {}, {
    lookup: () => Promise.reject(new Error("getaddrinfo ENOTFOUND mail.test")),
  });
  assertRefused(
    await unknown.send(testMessage(), never()),
    "network transport",
    /^Cannot connect to SMTP server 'mail\.test:\d+': cannot resolve 'mail\.test': no such host$/,
  );
});

Deno.test("send() tries the next address when one does not answer", async () => {
  await using server = await startSmtpServer();
  await using transport = testTransport(server.port, {}, {
    lookup: () => Promise.resolve(["::1", "127.0.0.2", "127.0.0.1"]),
  });
  assert.equal((await transport.send(testMessage(), never())).ok, true);
});

Deno.test("send() reuses a connection after a refused recipient", async () => {
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
    return TAKES_EVERYTHING[line.split(" ")[0] ?? ""] ?? "silence";
  });
  await using transport = testTransport(server.port, { maxConnections: 1 });
  assert.equal((await transport.send(testMessage(), never())).ok, true);
  assert.equal((await transport.send(testMessage(), never())).ok, true);
});

Deno.test("send() shows no secret when the server echoes it", async () => {
  for (const method of ["plain", "login"] as const) {
    const heard: string[] = [];
    const script = { ...TAKES_EVERYTHING, EHLO: "250-test\r\n250 AUTH PLAIN LOGIN" };
    await using server = await startLineServer("220 test", (line) => {
      heard.push(line);
      if (line === "AUTH LOGIN") return "334 VXNlcm5hbWU6";
      if (line === btoa("alice")) return "334 UGFzc3dvcmQ6";
      if (line === btoa("hunter2") || line.startsWith("AUTH")) return `535 5.7.8 bad: ${line}`;
      return script[line.split(" ")[0] as keyof typeof script] ?? "silence";
    });
    const password = () => Promise.resolve("hunter2");
    const auth = { username: "alice", password, method };
    await using transport = testTransport(server.port, { auth });
    const receipt = await transport.send(testMessage(), never());
    const error = receipt.ok ? "" : receipt.error;
    assert.match(error, /535 5\.7\.8 bad: .*\*\*\*$/);
    const sent = heard.at(-1)?.split(" ").at(-1) ?? "";
    assert.ok(sent !== "" && !error.includes(sent), error);
  }
});

/** What nodemailer says, and what that means. */
function refusalOf(error: Record<string, unknown>, attempt: Partial<SmtpAttempt> = {}) {
  return smtpRefusal(Object.assign(new Error("words"), error), {
    target: "mail.test:25",
    secrets: [],
    contentStarted: false,
    expired: false,
    cancelled: false,
    nowMs: 0,
    ...attempt,
  });
}

Deno.test("smtpRefusal() considers an attempt that the caller has cancelled no fault of the connection", () => {
  const error = { code: "ESOCKET", command: "CONN" };
  const verdict = (cancelled: boolean) => {
    const { category, retry } = refusalOf(error, { cancelled });
    return [category, retry];
  };
  assert.deepEqual(verdict(false), ["network", "transport"]);
  assert.deepEqual(verdict(true), ["cancelled", "later"]);
});

Deno.test("smtpRefusal() takes a number in foreign words for no reply", () => {
  const response = "HTTP/1.1 400 Bad Request";
  const error = { code: "EPROTOCOL", command: "EHLO", responseCode: 400, response };
  const { category, retry, signature } = refusalOf(error);
  assert.deepEqual([category, retry, signature], ["configuration", "transport", undefined]);
});

Deno.test("smtpRefusal() takes a 421 in the middle of an email for an answer to MAIL", () => {
  const response = "421 4.7.0 try again later";
  const error = { code: "ECONNECTION", command: "CONN", responseCode: 421, response };
  assert.equal(refusalOf(error).signature, "MAIL 421 4.7.0");
});

Deno.test("smtpRefusal() blames the configuration for a sender that nodemailer refuses", () => {
  const code = "EENVELOPE";
  const verdict = (message: string) => refusalOf({ code, message, command: "API" }).category;
  assert.equal(verdict("Invalid sender address"), "configuration");
  assert.equal(verdict("Invalid recipient address"), "recipient");
});

Deno.test("smtpRefusal() waits as long as a server with a limit asks for", () => {
  const reply = (response: string) =>
    refusalOf({
      code: "EENVELOPE",
      command: "MAIL FROM",
      responseCode: 450,
      response,
    }).retryAfterMs;
  assert.equal(reply("450 4.7.1 too many messages, try again in 5 minutes"), 300_000);
  assert.equal(reply("450 4.3.0 not now, try again in 5 minutes"), undefined);
});
