import assert from "node:assert/strict";
import type { TLSSocket } from "node:tls";
import { FakeClock, NOW_MS, settleDown } from "../../testing/fake_clock.ts";
import { ClusterError } from "../errors.ts";
import { someCredentials } from "../testing/fixtures.ts";
import { Dialer } from "./dialer.ts";
import { HandshakeError } from "./handshake_error.ts";
import { type ConnectionMethod, type DialContext, MethodNotApplicable } from "./method.ts";

const never = new AbortController().signal;
const CONTEXT: DialContext = {
  address: { host: "proxy.example.com", port: 443 },
  credentials: someCredentials(),
  env: {},
  webRoots: () => Promise.resolve(undefined),
  lookup: () => Promise.reject(new Error("no lookups here")),
  now: () => NOW_MS,
  stepTimeoutMs: 1000,
};

const DOWN = new ClusterError("unavailable", "connection refused");
const FOREIGN = new ClusterError("credentials", "not signed by a CA");
const NOT_HERE = new MethodNotApplicable("not needed");

/** What each method does: fail with an error, connect a named stream, or hang. */
type Outcomes = Partial<Record<ConnectionMethod, Error | string>>;

function setUp(outcomes: Outcomes, via: ConnectionMethod | "auto" = "auto") {
  const clock = new FakeClock();
  const tried: ConnectionMethod[] = [];
  const destroyed: string[] = [];
  const method = (name: ConnectionMethod) => () => {
    tried.push(name);
    const outcome = outcomes[name];
    if (outcome instanceof Error) return Promise.reject(outcome);
    if (outcome === undefined) return new Promise<never>(() => {});
    const stream = { outcome, destroy: () => destroyed.push(outcome) };
    return Promise.resolve(stream as unknown as TLSSocket);
  };
  const methods = { direct: method("direct"), upgrade: method("upgrade"), ssh: method("ssh") };
  const dialer = new Dialer({ via, clock, methods });
  return { clock, dialer, tried, destroyed, outcomes };
}

async function failure(
  outcomes: Outcomes,
  via: ConnectionMethod | "auto" = "auto",
): Promise<ClusterError> {
  const { clock, dialer } = setUp(outcomes, via);
  const dialing = dialer.dial(CONTEXT, never);
  dialing.catch(() => {});
  await clock.tick(60_000);
  return await dialing.then(() => assert.fail("it worked"), (error) => error);
}

Deno.test("Dialer.dial() uses the first method that works, in order of cost", async () => {
  const { dialer, tried } = setUp({ direct: NOT_HERE, upgrade: "upgraded", ssh: "tunnel" });
  assert.equal((await dialer.dial(CONTEXT, never)).method, "upgrade");
  assert.deepEqual(tried, ["direct", "upgrade"]);
});

Deno.test("Dialer.dial() does not wait for a dead method before it tries the next", async () => {
  const { clock, dialer, tried } = setUp({ upgrade: NOT_HERE, ssh: "tunnel" });
  const dialing = dialer.dial(CONTEXT, never);
  await clock.tick(1000);
  assert.equal((await dialing).method, "ssh");
  assert.deepEqual(tried, ["direct", "upgrade", "ssh"]);
  assert.equal(clock.pending, 0);
});

Deno.test("Dialer.dial() first tries what worked before, and searches again when it fails", async () => {
  const { dialer, tried, outcomes } = setUp({ direct: DOWN, upgrade: NOT_HERE, ssh: "tunnel" });
  await dialer.dial(CONTEXT, never);
  tried.length = 0;
  await dialer.dial(CONTEXT, never);
  assert.deepEqual(tried, ["ssh"]);
  Object.assign(outcomes, { ssh: DOWN, direct: "plain" });
  tried.length = 0;
  assert.equal((await dialer.dial(CONTEXT, never)).method, "direct");
  assert.deepEqual(tried, ["ssh", "direct"]);
});

Deno.test("Dialer.dial() uses only the method that the configuration names", async () => {
  const error = await failure({ direct: "plain", ssh: DOWN }, "ssh");
  assert.equal(error.message, "connection refused");
});

Deno.test("Dialer.dial() lists every method with its own cause, or the one cause that all share", async () => {
  assert.equal(
    (await failure({ direct: DOWN, upgrade: NOT_HERE, ssh: FOREIGN })).message,
    "all connection methods failed: directly: connection refused; by connection upgrade: not needed; " +
      "by SSH tunnel: not signed by a CA",
  );
  assert.equal(
    (await failure({ direct: DOWN, upgrade: DOWN, ssh: DOWN })).message,
    "connection refused",
  );
});

Deno.test("Dialer.dial() fails permanently only when no method can recover", async () => {
  const kind = async (outcomes: Outcomes) => (await failure(outcomes)).kind;
  assert.equal(await kind({ direct: FOREIGN, upgrade: NOT_HERE, ssh: FOREIGN }), "credentials");
  assert.equal(await kind({ direct: FOREIGN, upgrade: NOT_HERE, ssh: DOWN }), "unavailable");
  assert.equal(await kind({ direct: NOT_HERE, upgrade: NOT_HERE, ssh: NOT_HERE }), "unavailable");
});

Deno.test("Dialer.dial() reports a refusal by the auth server alone", async () => {
  const refused = new HandshakeError("refused", "credentials", "the server does not accept it");
  assert.equal(await failure({ direct: refused, upgrade: DOWN, ssh: DOWN }), refused);
});

Deno.test("Dialer.dial() times out, and ends with its caller", async () => {
  assert.equal((await failure({})).message, "timed out");
  const { dialer, clock } = setUp({});
  const stop = new AbortController();
  const dialing = dialer.dial(CONTEXT, stop.signal);
  stop.abort();
  await assert.rejects(dialing, { message: "cancelled" });
  assert.equal(clock.pending, 0);
});

Deno.test("Dialer.dial() closes connections that come too late", async () => {
  const late = Promise.withResolvers<TLSSocket>();
  const clock = new FakeClock();
  let isDestroyed = false;
  const dialer = new Dialer({
    via: "auto",
    clock,
    methods: {
      direct: () => late.promise,
      upgrade: () => Promise.resolve({} as TLSSocket),
      ssh: () => Promise.reject(DOWN),
    },
  });
  const dialing = dialer.dial(CONTEXT, never);
  await clock.tick(1000);
  assert.equal((await dialing).method, "upgrade");
  late.resolve({ destroy: () => isDestroyed = true } as unknown as TLSSocket);
  await settleDown();
  assert.ok(isDestroyed);
});
