import assert from "node:assert/strict";
import type { Receipt, Refusal } from "../../mail/transport.ts";
import { CircuitBreaker } from "./circuit_breaker.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";

const DOWN: Refusal = { ok: false, category: "network", retry: "transport", error: "refused" };
const UP: Receipt = { ok: true, messageId: "", response: "250 ok" };

function setUp(verify: (() => Receipt) | undefined) {
  const clock = new FakeClock();
  const log = fakeLog();
  const drain = new AbortController();
  let resumed = 0;
  const breaker = new CircuitBreaker(
    verify === undefined ? {} : { verify: () => Promise.resolve(verify()) },
    { clock, random: () => 0.5, log, onResume: () => resumed++, drain: drain.signal },
  );
  const messages = () => log.lines.filter((l) => l.level !== "debug").map((l) => l.message);
  return { clock, breaker, drain, resumed: () => resumed, messages };
}

const PAUSED = "Mail transport is paused, mails are kept and sent later";
const WORKS = "Mail transport works again";

Deno.test("CircuitBreaker resumes when the transport can connect again, and logs each outage once", async () => {
  const answers = [DOWN, DOWN, UP];
  const { clock, breaker, resumed, messages } = setUp(() => answers.shift() ?? UP);
  breaker.pause(DOWN);
  breaker.pause(DOWN);
  assert.equal(breaker.pauseReason, "refused");
  await clock.tick(550 + 1100 + 2199);
  assert.deepEqual([breaker.isPaused, resumed()], [true, 0]);
  await clock.tick(1);
  assert.deepEqual([breaker.isPaused, resumed()], [false, 1]);
  assert.deepEqual(messages(), [PAUSED, WORKS]);
});

Deno.test("CircuitBreaker waits as long as the server asks for", async () => {
  const { clock, breaker } = setUp(() => UP);
  breaker.pause({ ...DOWN, retryAfterMs: 60_000 });
  await clock.tick(59_999);
  assert.equal(breaker.isPaused, true);
  await clock.tick(1);
  assert.equal(breaker.isPaused, false);
});

Deno.test("CircuitBreaker without a probe sends one mail and waits longer if that fails", async () => {
  const { clock, breaker, messages } = setUp(undefined);
  breaker.pause(DOWN);
  await clock.tick(550);
  assert.equal(breaker.isPaused, false);
  breaker.pause(DOWN);
  await clock.tick(1099);
  assert.equal(breaker.isPaused, true);
  await clock.tick(1);
  breaker.succeeded();
  assert.deepEqual(messages(), [PAUSED, WORKS]);
});

Deno.test("CircuitBreaker.check() pauses when the transport cannot connect", async () => {
  const answers = [DOWN];
  const { clock, breaker } = setUp(() => answers.shift() ?? UP);
  await breaker.check();
  assert.equal(breaker.isPaused, true);
  await clock.tick(550);
  assert.equal(breaker.isPaused, false);
});

Deno.test("CircuitBreaker.isTried tells whether the transport was asked for anything", async () => {
  const probed = setUp(() => UP).breaker;
  assert.equal(probed.isTried, false);
  await probed.check();
  assert.equal(probed.isTried, true);
  const { breaker } = setUp(undefined);
  await breaker.check();
  assert.equal(breaker.isTried, false, "such as Mailgun, which cannot be probed");
  breaker.succeeded();
  assert.equal(breaker.isTried, true);
});

Deno.test("CircuitBreaker stays paused and stops probing when the program ends", async () => {
  let asked = 0;
  const { clock, breaker, drain } = setUp(() => (asked++, UP));
  breaker.pause(DOWN);
  drain.abort();
  await clock.tick(600_000);
  assert.deepEqual([asked, breaker.isPaused, clock.pending], [0, true, 0]);
});

Deno.test("CircuitBreaker waits longer and logs it once when mails fail although the transport connects", async () => {
  const { clock, breaker, messages } = setUp(() => UP);
  breaker.pause(DOWN);
  for (const waitMs of [550, 1100, 2200]) {
    await clock.tick(waitMs - 1);
    assert.equal(breaker.isPaused, true, `${waitMs} ms`);
    await clock.tick(1);
    assert.equal(breaker.isPaused, false);
    breaker.pause(DOWN);
  }
  await clock.tick(4400);
  breaker.succeeded();
  assert.deepEqual(messages(), [PAUSED, WORKS]);
});

Deno.test("CircuitBreaker considers a failure long after the last outage a new one", async () => {
  const { clock, breaker, messages } = setUp(undefined);
  breaker.pause(DOWN);
  // The mail that was refused has been superseded meanwhile: none has told that it works again.
  await clock.tick(24 * 3_600_000);
  breaker.pause(DOWN);
  await clock.tick(550);
  assert.equal(breaker.isPaused, false);
  assert.deepEqual(messages(), [PAUSED, PAUSED]);
});

const RESET: Refusal = { ...DOWN, category: "server", error: "421 closing" };

Deno.test("CircuitBreaker.causeOf() blames a mail when the transport proves healthy right afterwards", async () => {
  const { breaker, resumed, messages } = setUp(() => UP);
  const cause = breaker.causeOf("r1/new/0/a@x.org", RESET);
  assert.deepEqual([breaker.isPaused, breaker.pauseReason], [true, undefined]);
  assert.equal(await cause, "mail");
  assert.deepEqual([breaker.isPaused, resumed(), messages()], [false, 1, []]);
});

Deno.test("CircuitBreaker.causeOf() blames no mail for a transport that cannot connect", async () => {
  const { breaker } = setUp(() => DOWN);
  assert.equal(await breaker.causeOf("r1/new/0/a@x.org", RESET), "transport");
});

Deno.test("CircuitBreaker.causeOf() blames no mail when three fail and none is accepted between", async () => {
  const { breaker } = setUp(() => UP);
  const causes = ["a", "b", "c"].map((mail) => breaker.causeOf(mail, RESET));
  assert.deepEqual(await Promise.all(causes), ["transport", "transport", "transport"]);
  breaker.succeeded();
  assert.equal(await breaker.causeOf("a", RESET), "mail");
  assert.equal(await breaker.causeOf("b", RESET), "mail");
  assert.equal(await breaker.causeOf("a", RESET), "mail");
  assert.equal(await breaker.causeOf("c", RESET), "transport");
});

Deno.test("CircuitBreaker.causeOf() forgets mails that have not failed for long", async () => {
  const { clock, breaker } = setUp(() => UP);
  for (const mail of ["a", "b"]) await breaker.causeOf(mail, RESET);
  await clock.tick(600_000);
  assert.equal(await breaker.causeOf("c", RESET), "mail");
});

Deno.test("CircuitBreaker.causeOf() blames no mail for what is not a disconnection, or without a probe", async () => {
  const { breaker } = setUp(() => UP);
  for (const category of ["configuration", "authentication", "rate-limit", "quota"] as const) {
    assert.equal(await breaker.causeOf("a", { ...RESET, category }), "transport");
  }
  assert.equal(await setUp(undefined).breaker.causeOf("a", RESET), "transport");
});

Deno.test("CircuitBreaker.causeOf() does not ask the transport once three mails have failed", async () => {
  let asked = 0;
  const { breaker } = setUp(() => (asked++, UP));
  for (const mail of ["a", "b", "c", "d"]) await breaker.causeOf(mail, RESET);
  assert.equal(asked, 2);
});

Deno.test("CircuitBreaker.isCausedByThisMail() blames one mail between two that were accepted", () => {
  const { breaker } = setUp(() => UP);
  assert.equal(breaker.isCausedByThisMail(), false);
  for (let i = 0; i < 2; i++) {
    breaker.succeeded();
    assert.deepEqual([breaker.isCausedByThisMail(), breaker.isCausedByThisMail()], [true, false]);
  }
});

Deno.test("CircuitBreaker.isCausedByTransport() counts recipients in a row, with none accepted between", () => {
  const { breaker } = setUp(() => UP);
  const refusal: Refusal = { ...DOWN, retry: "later", signature: "RCPT 451" };
  const refused = (to: string) => breaker.isCausedByTransport(refusal, to);
  assert.deepEqual(["a", "b"].map(refused), [false, false]);
  breaker.succeeded();
  assert.deepEqual(["c", "d", "e"].map(refused), [false, false, true]);
});

Deno.test("CircuitBreaker.check() pauses nothing when the program ends while it connects", async () => {
  const { breaker, messages } = setUp(() => ({ ...DOWN, category: "cancelled" }));
  await breaker.check();
  assert.deepEqual([breaker.isPaused, messages()], [false, []]);
});

Deno.test("CircuitBreaker waits four times as long when a quota is used up", async () => {
  const { clock, breaker } = setUp(() => UP);
  breaker.pause({ ...DOWN, category: "quota" });
  await clock.tick(2199);
  assert.equal(breaker.isPaused, true);
  await clock.tick(1);
  assert.equal(breaker.isPaused, false);
});
