import assert from "node:assert/strict";
import { startLineServer } from "../testing/line_server.ts";
import { assertMailgunRefused, KEY, mailgunTransport } from "../testing/mailgun_client.ts";
import { startMailgunServer } from "../testing/mailgun_server.ts";
import { mailgunRefusal } from "./receipt.ts";
import { never, testMessage } from "../testing/smtp_client.ts";

const NOW_MS = Date.UTC(2025, 0, 25, 10, 30);
const IN_90_S = "Sat, 25 Jan 2025 10:31:30 GMT";

const says = (message: string): BodyInit => JSON.stringify({ message });

const TABLE: readonly [
  status: number,
  body: BodyInit | null,
  verdict: string,
  retryAfter?: readonly [header: string, ms: number | undefined],
][] = [
  [400, says("to parameter is not a valid address. please check documentation"), "recipient never"],
  [400, says("'to' parameter is not a valid address"), "recipient never"],
  [400, says("from parameter is not a valid address"), "sender transport"],
  // Words of an echoed address do not count.
  [400, says("to parameter is not a valid address: from@domain.example"), "recipient never"],
  [400, says("Recipient from@domain.example is odd"), "message later"],
  [400, says("Too many recipients"), "rate-limit later"],
  [
    400,
    says("Domain mg.example.org is not allowed to send: message limit reached"),
    "quota transport",
  ],
  [400, says("Message size exceeds 25 MB"), "message never"],
  [400, says("Domain mg.example.org is not allowed to send"), "configuration transport"],
  [400, says("Not allowed to send: activate your email address"), "configuration transport"],
  [400, says("Need at least one of 'text' or 'html'"), "message later"],
  [400, says("Please add the address to your authorized recipients"), "configuration later"],
  [401, "Forbidden", "authentication transport"],
  [402, says("Payment required"), "quota transport"],
  [403, says("Sandbox subdomains: add to authorized recipients"), "configuration later"],
  [403, says("Domain is disabled"), "configuration transport"],
  [403, says("Your account has been temporarily suspended"), "configuration transport"],
  [403, "Forbidden", "authentication transport"],
  [404, says("Domain not found: mg.example.org"), "configuration transport"],
  [408, null, "timeout transport"],
  [413, "<html>Request Entity Too Large</html>", "message never", ["90", undefined]],
  // mailgun-java#50, Ghost#15725: the time is in the words.
  [
    420,
    says(
      "Domain mg.example.org is not allowed to send: recipient limit exceeded, try again after " +
        "Sat, 25 Jan 2025 10:40:00 UTC",
    ),
    "rate-limit transport",
    ["", 600_000],
  ],
  [420, says("slow down"), "rate-limit later"],
  [429, says("Too many messages. Try again in 92 seconds."), "rate-limit transport", ["", 92_000]],
  [429, says("slow down"), "rate-limit transport", ["90", 90_000]],
  [429, says("slow down"), "rate-limit transport", [IN_90_S, 90_000]],
  [429, null, "rate-limit later", ["soon", undefined]],
  // May be due to this very mail, so that it waits alone.
  [500, says("oops"), "server later"],
  [500, null, "server later"],
  [500, '{"message": "oo', "server later"],
  [502, "<html>Bad Gateway</html>", "server transport"],
  [503, says("maintenance"), "server transport", [IN_90_S, 90_000]],
  [504, null, "server transport"],
  // No redirect is followed: it would lose the mail, or take it to who knows where.
  [301, null, "configuration transport"],
  [307, null, "configuration transport"],
  // Somebody else's success, such as that of a log-in page.
  [200, "<html>Please log in</html>", "configuration transport"],
  [200, "OK", "configuration transport"],
];

Deno.test("send() classifies every answer that does not accept an email", async () => {
  for (const [status, body, verdict, [header, ms] = ["", undefined]] of TABLE) {
    await using server = startMailgunServer(() => {
      const headers = { ...(header && { "retry-after": header }), location: "/elsewhere" };
      return new Response(body, { status, headers });
    });
    await using transport = mailgunTransport(server.url, {}, { now: () => NOW_MS });
    const refusal = assertMailgunRefused(await transport.send(testMessage(), never()), verdict);
    assert.match(refusal.error, new RegExp(`: HTTP ${status}\\b`));
    assert.equal(refusal.retryAfterMs, ms, `${status} ${header}`);
    assert.equal(server.calls.length, 1);
  }
});

Deno.test("send() classifies missing answers", async () => {
  // What the server does when the last field is there: each of these may have taken the mail.
  const cases = [
    ["close", "network transport"],
    ["reset", "network transport"],
    ["no HTTP", "network transport"],
    ["silence", "timeout transport"],
    ["HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\n{", "timeout transport"],
  ] as const;
  for (const [answer, verdict] of cases) {
    await using server = await startLineServer(
      "silence",
      (line) => line === "auto-generated" ? answer : "silence",
    );
    const url = `http://127.0.0.1:${server.port}`;
    const timeoutMs = verdict.startsWith("timeout") ? 500 : 5000;
    await using transport = mailgunTransport(url, {}, { timeoutMs });
    assertMailgunRefused(await transport.send(testMessage(), never()), verdict);
    assert.equal(server.lines.filter((line) => line.startsWith("POST ")).length, 1, answer);
    // Asked again, it is recognisably the same mail.
    await using patient = mailgunTransport(url, {}, { timeoutMs: 20_000 });
    const seen = new AbortController();
    const again = patient.send(testMessage(), seen.signal);
    const ids = () => server.lines.filter((line) => line === "<id-1@example.org>").length;
    for (let i = 0; i < 2000 && ids() < 2; i++) await new Promise((done) => setTimeout(done, 5));
    seen.abort();
    await again;
    assert.equal(ids(), 2, answer);
  }
});

Deno.test("send() reports a closed port", async () => {
  const server = startMailgunServer();
  await server[Symbol.asyncDispose]();
  await using transport = mailgunTransport(server.url);
  const receipt = await transport.send(testMessage(), never());
  const { error } = assertMailgunRefused(receipt, "network transport");
  assert.match(error, /: connection refused: nothing is listening on that port$/);
});

Deno.test("send() reports Mailgun's text, without the key", async () => {
  await using server = startMailgunServer(() => new Response(`Forbidden\n${KEY}`, { status: 401 }));
  await using transport = mailgunTransport(server.url);
  const receipt = await transport.send(testMessage(), never());
  const { error } = assertMailgunRefused(receipt, "authentication transport");
  assert.match(error, /: HTTP 401: Forbidden \*\*\*$/);
});

Deno.test("mailgunRefusal() tells TLS failures from others of the network", () => {
  const category = (message: string) =>
    mailgunRefusal(new TypeError(message), {
      target: "https://api.mailgun.net mg.example.org",
      secrets: [],
      expired: false,
      cancelled: false,
      addresses: [],
      nowMs: 0,
    }).category;
  assert.equal(category("error sending request: invalid peer certificate: UnknownIssuer"), "tls");
  assert.equal(category("error sending request: connection refused"), "network");
});
