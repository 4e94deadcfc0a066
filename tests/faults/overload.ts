/**
 * More than anybody expects: in small by `tests/slow/overload_test.ts`, in full by
 * `deno task faults --overload`.
 */

import assert from "node:assert/strict";
import * as v from "valibot";
import type { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { StatusSchema } from "../../src/ops/status.ts";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import { ask, dataOf, listen, mailsTo, type Stage, tally, until } from "../support.ts";
import { assertInOrder } from "./order.ts";

/** In MiB, at any time (issue 5). */
const MAX_RESIDENT = 200;
/** From SIGTERM to the end; 15 s and what a process takes to go away. */
const MAX_STOP_MS = 16_500;
const PATIENCE_MS = 900_000;
/** SMTP's default; what was in flight at the end may come again. */
const CONNECTIONS = 10;

const THREE = ["a@example.com", "b@example.com", "c@example.com"];
const APPROVAL = { state: RequestState.APPROVED, reason: "ok" };

export interface Overload {
  readonly name: string;
  /** How much of it: in the tests, and in full. */
  readonly sizes: { readonly small: number; readonly full: number };
  readonly roleToRecipients: (size: number) => Readonly<Record<string, readonly string[]>>;
  /** Throws when a promise is broken; gives the most memory that the program took, in MiB. */
  readonly run: (stage: Stage, size: number) => Promise<number>;
}

export const OVERLOADS: readonly Overload[] = [
  {
    name: "requests at once, every tenth with a review",
    sizes: { small: 200, full: 5000 },
    roleToRecipients: () => ({ "*": THREE }),
    run: manyRequests,
  },
  {
    name: "recipients on one request, ten small ones behind it",
    sizes: { small: 100, full: 300 },
    roleToRecipients: (size) => ({ many: names(size), "*": ["few@example.com"] }),
    run: oneBigRequest,
  },
  {
    name: "requests, and a mail server that takes its time",
    sizes: { small: 100, full: 5000 },
    roleToRecipients: () => ({ "*": THREE }),
    run: slowMailServer,
  },
  {
    name: "requests with 50 reviews each",
    sizes: { small: 4, full: 200 },
    roleToRecipients: () => ({ "*": THREE }),
    run: manyReviews,
  },
];

async function manyRequests({ playground, start }: Stage, size: number): Promise<number> {
  const { cluster, mail } = playground;
  const plugin = await start();
  const ids = Array.from({ length: size }, () => ask(playground));
  const reviewed = ids.filter((_, i) => i % 10 === 0);
  for (const id of reviewed) cluster.review(id, { author: "r0", ...APPROVAL });
  await mail.waitForMails((size + reviewed.length) * THREE.length, PATIENCE_MS);
  const peak = await assertSmall(plugin);
  assertTally(tally(mail.mails), { new: size, review: reviewed.length });
  assertInOrder(mail.mails);
  return peak;
}

async function oneBigRequest({ playground, start }: Stage, size: number): Promise<number> {
  const { mail } = playground;
  const plugin = await start();
  mail.replyDelayMs = 20;
  ask(playground, { roles: ["many"] });
  await mail.waitForMails(1);
  for (let i = 0; i < 10; i++) ask(playground, { roles: ["few"] });
  await until(
    "the small requests are mailed",
    () => mailsTo(mail.mails, "few@example.com").length === 10,
    60_000,
  );
  const before = mail.mails.length;
  assert.ok(before < 0.8 * size, `${before} mails left before the last of the small requests`);
  await mail.waitForMails(size + 10, PATIENCE_MS);
  const peak = await assertSmall(plugin);
  assert.equal(mail.mails.length, size + 10);
  assert.equal(new Set(mail.mails.map(({ parsed }) => parsed.messageId)).size, size + 10);
  return peak;
}

async function slowMailServer(stage: Stage, size: number): Promise<number> {
  const { playground, start } = stage;
  const { mail } = playground;
  const address = await listen(stage);
  const plugin = await start();
  mail.replyDelayMs = size < 1000 ? 500 : 5000;
  const ids = Array.from({ length: size }, () => ask(playground));
  // Next to nothing can leave, and yet all that happens is taken in and written down.
  const total = size * THREE.length;
  const known = async () => mail.mails.length + await owedAt(address) >= total;
  await until("every mail is owed", known, 120_000);
  // Nine replies for the first mail of a connection.
  await mail.waitForMails(1, 90_000);
  const startMs = Date.now();
  const peak = await assertSmall(plugin);
  assert.equal(await plugin.stop(), 0);
  assert.ok(Date.now() - startMs < MAX_STOP_MS, "SIGTERM took longer than 15 s");
  assertOwed(stage, ids);

  const arrived = mail.mails.length;
  mail.replyDelayMs = 0;
  await start();
  const sent = () => new Set(mail.mails.map(({ parsed }) => parsed.messageId)).size;
  await until("everything has come", () => sent() === total, PATIENCE_MS);
  const twice = mail.mails.length - sent();
  assert.ok(twice <= Math.min(arrived, CONNECTIONS), `${twice} mails came twice`);
  return peak;
}

async function manyReviews({ playground, start }: Stage, size: number): Promise<number> {
  const { cluster, mail } = playground;
  const ids = Array.from({ length: size }, () => ask(playground));
  for (const id of ids) {
    for (let i = 0; i < 50; i++) cluster.review(id, { author: `r${i}`, ...APPROVAL });
  }
  const plugin = await start();
  await mail.waitForMails(size * 51 * THREE.length, PATIENCE_MS);
  const peak = await assertSmall(plugin);
  assertTally(tally(mail.mails), { new: size, review: 50 * size });
  assertInOrder(mail.mails);
  return peak;
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `many-${i}@example.com`);
}

/** Each of the three has got each kind of mail so often. */
function assertTally(actual: Record<string, number>, kinds: Record<string, number>): void {
  const entries = THREE.flatMap((to) =>
    Object.entries(kinds).map(([kind, count]) => [`${to} ${kind}`, count])
  );
  assert.deepEqual(actual, Object.fromEntries(entries));
}

/** Every mail that was not accepted stands in a record. */
function assertOwed({ playground }: Stage, ids: readonly string[]): void {
  for (const id of ids) {
    const { owed, email_threads: threads } = dataOf(playground, id);
    const owedCount = JSON.parse(owed ?? "[]").length;
    const sentCount = threads === undefined ? 0 : threads.split(",").length;
    assert.equal(owedCount + sentCount, THREE.length, id);
  }
}

/** Mails that are owed, by the daemon's own account. */
async function owedAt(address: string): Promise<number> {
  const response = await fetch(`${address}/status`);
  return v.parse(StatusSchema, await response.json()).pending.count;
}

/** The most memory that the running program has had (proc(5), VmHWM); fails when that is too much. */
async function assertSmall(plugin: PluginProcess): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${plugin.pid}/status`);
  const peak = Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
  assert.ok(peak < MAX_RESIDENT, `the program took ${peak} MiB`);
  return peak;
}
