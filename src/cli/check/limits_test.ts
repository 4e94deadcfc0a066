import assert from "node:assert/strict";
import { accept, file } from "../../config/testing/parse.ts";
import { checkLimits } from "./limits.ts";

async function limitsOf(smtp: string) {
  const { config: { mail } } = await accept(file({ smtp }));
  assert.ok(mail.kind === "smtp");
  return [...checkLimits(mail)].map(({ level, text }) => `${level}: ${text}`);
}

Deno.test("checkLimits() names what the configuration exceeds, and what the service takes otherwise", async () => {
  assert.deepEqual(await limitsOf('host = "mail.example.com"'), []);
  assert.deepEqual(await limitsOf('service = "microsoft365"'), [
    "ok: Microsoft 365 takes 3 connections at once, 30 messages a minute, 10000 messages a day",
  ]);
  assert.deepEqual(
    await limitsOf('service = "microsoft365"\nmax_connections = 10\nmax_messages_per_second = 2'),
    [
      "warning: Microsoft 365 takes 3 connections at once, smtp.max_connections allows 10",
      "warning: Microsoft 365 takes 30 messages a minute, smtp.max_messages_per_second allows 120",
    ],
  );
  assert.deepEqual(await limitsOf('service = "sendgrid"\nmax_messages_per_connection = 9999'), [
    "warning: SendGrid takes 5000 messages per connection, smtp.max_messages_per_connection allows 9999",
  ]);
  assert.deepEqual(await limitsOf('service = "postmark"'), [
    "ok: Postmark documents none that hold for every account",
  ]);
});
