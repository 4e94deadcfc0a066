import assert from "node:assert/strict";
import { judgeReply } from "./reply.ts";

Deno.test("judgeReply() decides by step and code", () => {
  const cases: readonly [string, string, string][] = [
    ["MAIL FROM", "451 4.3.0 try later", "server later"],
    ["MAIL FROM", "530 5.7.0 authentication required", "authentication transport"],
    ["MAIL FROM", "503 5.5.1 authenticate first", "configuration transport"],
    ["MAIL FROM", "550 5.7.1 sender not allowed", "configuration transport"],
    ["MAIL FROM", "553 5.7.1 sender rejected", "configuration transport"],
    ["MAIL FROM", "552 5.3.4 too big", "message never"],
    ["MAIL FROM", "555 5.5.4 unsupported parameter", "message later"],
    ["RCPT TO", "450 4.2.0 greylisted", "server later"],
    ["RCPT TO", "503 5.5.1 bad sequence", "server later"],
    ["RCPT TO", "550 5.1.1 no such user", "recipient never"],
    ["RCPT TO", "553 5.1.3 bad address", "recipient never"],
    ["RCPT TO", "552 5.2.2 mailbox full", "recipient later"],
    ["RCPT TO", "550 5.2.2 over quota", "recipient later"],
    ["RCPT TO", "550 5.2.1 mailbox disabled", "recipient never"],
    [
      "RCPT TO",
      "554 5.7.1 Service unavailable; Client host blocked using x",
      "configuration later",
    ],
    ["RCPT TO", "554 5.7.1 Relay access denied", "configuration later"],
    ["RCPT TO", "530 5.7.1 authenticate", "authentication transport"],
    ["DATA", "452 4.3.1 no space", "server later"],
    ["DATA", "554 5.7.1 looks like spam", "message never"],
    ["DATA", "552 5.3.4 too big", "message never"],
    ["DATA", "552 5.2.2 over quota", "recipient later"],
    ["DATA", "554 Message rejected: Email address is not verified", "configuration later"],
    ["DATA", "554 5.2.252 SendAsDenied", "configuration later"],
  ];
  for (const [command, reply, expected] of cases) {
    const verdict = judgeReply(command, Number(reply.slice(0, 3)), reply);
    assert.equal(verdict.join(" "), expected, `${command}: ${reply}`);
  }
});
