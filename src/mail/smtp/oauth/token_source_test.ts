import assert from "node:assert/strict";
import { NOW_MS } from "../../../testing/fake_clock.ts";
import { TokenError } from "./error.ts";
import { type AccessToken, TokenSource } from "./token_source.ts";

const MINUTE_MS = 60_000;

/** A source whose clock and token server are set by the test. */
function setUp(lifeMs = 60 * MINUTE_MS) {
  const state = {
    nowMs: NOW_MS,
    requests: 0,
    failure: undefined as TokenError | undefined,
    held: undefined as Promise<void> | undefined,
    reported: [] as string[],
  };
  const source = new TokenSource({
    now: () => state.nowMs,
    request: async (): Promise<AccessToken> => {
      const value = `token-${++state.requests}`;
      await state.held;
      if (state.failure !== undefined) throw state.failure;
      return { value, expiresMs: state.nowMs + lifeMs };
    },
    onRenewalFailure: (error) => state.reported.push(error.message),
  });
  return { source, state };
}

Deno.test("TokenSource asks once for connections that ask together", async () => {
  const { source, state } = setUp();
  const held = Promise.withResolvers<void>();
  state.held = held.promise;
  const tokens = Array.from({ length: 10 }, () => source.get());
  held.resolve();
  const values = (await Promise.all(tokens)).map(({ value }) => value);
  assert.deepEqual(new Set(values), new Set(["token-1"]));
  assert.equal((await source.get()).value, "token-1");
  assert.equal(state.requests, 1);
});

Deno.test("TokenSource renews before the token expires, and a short-lived one in its last fifth", async () => {
  const { source, state } = setUp();
  await source.get();
  state.nowMs += 54 * MINUTE_MS;
  assert.equal((await source.get()).value, "token-1");
  state.nowMs += MINUTE_MS;
  assert.equal((await source.get()).value, "token-2");
  const short = setUp(MINUTE_MS);
  await short.source.get();
  short.state.nowMs += 47_000;
  assert.equal((await short.source.get()).value, "token-1");
  short.state.nowMs += 1000;
  assert.equal((await short.source.get()).value, "token-2");
});

Deno.test("TokenSource goes on with a token that is still good when it cannot be renewed", async () => {
  const { source, state } = setUp();
  await source.get();
  state.nowMs += 56 * MINUTE_MS;
  state.failure = new TokenError("network", "away");
  for (let i = 0; i < 5; i++) assert.equal((await source.get()).value, "token-1");
  assert.deepEqual([state.requests, state.reported], [2, ["away"]]);
  state.nowMs += MINUTE_MS;
  await source.get();
  assert.deepEqual([state.requests, state.reported], [3, ["away"]]);
  state.nowMs += 3 * MINUTE_MS;
  await assert.rejects(source.get(), { message: "away" });
  state.failure = undefined;
  state.nowMs += 1000;
  assert.equal((await source.get()).value, "token-5");
});

Deno.test("TokenSource asks a server that fails once a second, or when it wants to be asked", async () => {
  const { source, state } = setUp();
  state.failure = new TokenError("server", "HTTP 503");
  for (let i = 0; i < 5; i++) await assert.rejects(source.get(), { message: "HTTP 503" });
  assert.equal(state.requests, 1);
  state.nowMs += 1000;
  state.failure = new TokenError("rate-limit", "HTTP 429", { retryAfterMs: 10_000 });
  await assert.rejects(source.get(), { message: "HTTP 429" });
  state.nowMs += 9000;
  await assert.rejects(source.get(), { message: "HTTP 429" });
  assert.equal(state.requests, 2);
  // A clock that is set back delays no caller.
  state.failure = undefined;
  state.nowMs -= 60 * MINUTE_MS;
  assert.equal((await source.get()).value, "token-3");
});

Deno.test("TokenSource drops a token that the mail server refuses, once for all connections", async () => {
  const { source, state } = setUp();
  const old = await source.get();
  source.refused(old);
  source.refused(old);
  const next = await source.get();
  assert.equal(next.value, "token-2");
  // A connection that comes late with the old one.
  source.refused(old);
  assert.equal((await source.get()).value, "token-2");
  assert.equal(state.requests, 2);
});

Deno.test("TokenSource requests a token each time when its expiry is unknown", async () => {
  let requests = 0;
  const source = new TokenSource({
    now: () => NOW_MS,
    request: () => Promise.resolve({ value: `file-${++requests}` }),
  });
  assert.equal((await source.get()).value, "file-1");
  assert.equal((await source.get()).value, "file-2");
});

Deno.test("TokenSource turns whatever a request fails with into a TokenError", async () => {
  const source = new TokenSource({
    now: () => NOW_MS,
    request: () => Promise.reject(new RangeError("odd")),
  });
  await assert.rejects(
    source.get(),
    (error) => error instanceof TokenError && error.message === "odd",
  );
});
