import assert from "node:assert/strict";
import { serverMessageId } from "./server_message_id.ts";

Deno.test("serverMessageId() reads what nodemailer knows, and Exchange in national clouds", () => {
  const cases: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ["250 OK", undefined, undefined],
    ["250 OK", "<a@b.example>", "a@b.example"],
    [
      "250 2.0.0 OK <a@X.office365.us> [Hostname=X.office365.us]",
      undefined,
      "a@X.office365.us",
    ],
    ["250 2.0.0 OK <a@X.partner.outlook.cn> [Hostname=X]", undefined, "a@X.partner.outlook.cn"],
    // No id, or none that a header takes.
    ["250 2.0.0 OK <a b@c> [Hostname=X]", undefined, undefined],
    ["250 2.0.0 OK queued as <a@b>", undefined, undefined],
    ["250 OK", `<${"x".repeat(300)}@b.example>`, undefined],
    ["250 OK", "<ä@b.example>", undefined],
  ];
  for (const [response, known, expected] of cases) {
    assert.equal(serverMessageId(response, known), expected, response);
  }
});
