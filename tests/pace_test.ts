/** A mail server that takes fewer connections than are configured, with the real program. */

import assert from "node:assert/strict";
import { ask, onStage, until, untilSettled } from "./support.ts";

const AUTH = { username: "teleport", password: "secret" };
const EMAILS = 100;
const DELAY_MS = 20;

/** How long so many emails take, and what the log says of it. */
async function burst(
  maxConnections: number,
  allowed: number | undefined,
): Promise<{ readonly ms: number; readonly lines: readonly string[] }> {
  let result = { ms: 0, lines: [] as readonly string[] };
  const mail = { auth: AUTH, ...allowed === undefined ? {} : { maxConnections: allowed } };
  const roleToRecipients = { "*": ["bob@example.com"] };
  await onStage({ mail, roleToRecipients }, async ({ playground, configure, start }) => {
    await configure((text) =>
      text.replace("[smtp]", `[smtp]\nmax_connections = ${maxConnections}`)
    );
    playground.mail.replyDelayMs = DELAY_MS;
    const plugin = await start();
    const startMs = performance.now();
    const ids = Array.from({ length: EMAILS }, () => ask(playground));
    await until("all emails arrive", () => playground.mail.mails.length >= EMAILS, 60_000);
    const ms = performance.now() - startMs;
    for (const id of ids) await untilSettled(playground, id);
    assert.equal(playground.mail.mails.length, EMAILS);
    const lines = plugin.lines.filter((line) =>
      / (WARN|ERRO) |Mail transport|go slower|pace/.test(line)
    );
    result = { ms, lines };
  });
  return result;
}

Deno.test("Of ten connections a server takes three: emails go on over those, with a few lines about it", async () => {
  const alone = await burst(3, undefined);
  const limited = await burst(10, 3);
  assert.ok(
    limited.ms < 2 * alone.ms,
    `${Math.round(limited.ms)} ms, ${Math.round(alone.ms)} ms with three connections`,
  );
  assert.ok(limited.lines.length <= 5, limited.lines.join("\n"));
  assert.match(
    limited.lines.join("\n"),
    /Mail service limits sending, mails go slower for a while/,
  );
});
