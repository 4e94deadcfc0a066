import assert from "node:assert/strict";
import type { SmtpOptions } from "./options.ts";
import { startLineServer } from "../testing/line_server.ts";
import { never, testMessage, testTransport } from "../testing/smtp_client.ts";
import { isMessageLimit } from "./messages_per_connection.ts";

const EXIM = "250 OK id=1wNq7T-00000000abc-1DEf";

/** A server with one client at a time: `take` answers MAIL, `accepted` the content of a message. */
async function connectionsFor(
  emails: number,
  { take = () => "250 ok", accepted = "250 queued", options = {} }: {
    readonly take?: (onConnection: number) => string;
    readonly accepted?: string;
    readonly options?: Partial<SmtpOptions>;
  },
): Promise<number> {
  let onConnection = 0;
  let isContent = false;
  await using server = await startLineServer("220 mail", (line) => {
    if (isContent) {
      isContent = line !== ".";
      return isContent ? "silence" : accepted;
    }
    if (line.startsWith("EHLO")) onConnection = 0;
    if (line.startsWith("MAIL")) return take(++onConnection);
    if (line !== "DATA") return "250 ok";
    isContent = true;
    return "354 go";
  });
  await using transport = testTransport(server.port, { maxConnections: 1, ...options });
  for (let i = 0; i < emails; i++) {
    const receipt = await transport.send(testMessage({ messageId: `${i}@example.org` }), never());
    assert.ok(receipt.ok, receipt.ok ? "" : receipt.error);
  }
  return server.lines.filter((line) => line.startsWith("EHLO")).length;
}

Deno.test("one connection takes all messages, ten with an Exim, or as many as the configuration says", async () => {
  assert.equal(await connectionsFor(30, {}), 1);
  assert.equal(await connectionsFor(30, { accepted: EXIM }), 3);
  const options = { maxMessagesPerConnection: 15 };
  assert.equal(await connectionsFor(30, { options, accepted: EXIM }), 2);
});

Deno.test("a message that a connection has no room for goes over the next one", async () => {
  const after20 = (reply: string) => (nth: number) => nth > 20 ? reply : "250 ok";
  // nodemailer resends after a 421 on its own.
  const closes = after20("421 too many messages in this connection");
  assert.equal(await connectionsFor(45, { take: closes }), 3);
  // 20, and then 10 at a time.
  const refuses = after20("452 4.3.2 Maximum number of messages for this session reached");
  assert.equal(await connectionsFor(45, { take: refuses }), 4);
});

Deno.test("isMessageLimit() knows what servers say of messages per connection, and nothing else", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["421 too many messages in this connection", true],
    ["421 Max message per connection reached, closing transmission channel", true],
    ["421 4.3.2 OFR_999 Too many messages per session", true],
    ["452 4.5.3 Maximum number of emails for this SMTP session exceeded", true],
    ["421 4.7.0 Too many connections from your IP", false],
    ["450 4.7.1 Error: too much mail from 192.0.2.1", false],
    ["452 4.5.3 Error: too many recipients", false],
    ["550 5.1.1 No such user", false],
  ];
  for (const [response, isLimit] of cases) {
    const error = Object.assign(new Error("refused"), { response });
    assert.equal(isMessageLimit(error), isLimit, response);
  }
  assert.equal(isMessageLimit(new Error("too many messages in this connection")), false);
});
