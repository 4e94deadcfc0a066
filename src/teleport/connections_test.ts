import assert from "node:assert/strict";
import { FakeClock, settleDown } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";
import { Connections } from "./connections.ts";
import { ClusterError } from "./errors.ts";
import { FakeConnection } from "./testing/fixtures.ts";

const never = new AbortController().signal;

function setUp() {
  const clock = new FakeClock();
  const made: FakeConnection[] = [];
  const failures: ClusterError[] = [];
  let attempts = 0;
  const connect = () => {
    attempts++;
    const failure = failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const connection = new FakeConnection();
    made.push(connection);
    return Promise.resolve(connection);
  };
  const connections = new Connections({ connect, clock, random: () => 0.5, log: fakeLog() });
  return { clock, made, failures, connections, attempts: () => attempts };
}

const DOWN = new ClusterError("unavailable", "connection refused");

Deno.test("Connections shares one connection among its callers", async () => {
  const { connections, made, attempts } = setUp();
  const got = await Promise.all([connections.get(never), connections.get(never)]);
  assert.deepEqual([got[0], got[1], attempts()], [made[0], made[0], 1]);
  assert.equal(await connections.get(never), made[0]);
  connections[Symbol.dispose]();
  assert.ok(made[0]?.isDestroyed);
});

Deno.test("Connections opens a new one when the old one accepts no more calls", async () => {
  const { connections, made } = setUp();
  await connections.get(never);
  made[0]?.retire();
  assert.equal(connections.current, undefined);
  assert.equal(await connections.get(never), made[1]);
  connections[Symbol.dispose]();
});

Deno.test("Connections reports a failure to every caller, and waits before the next attempt", async () => {
  const { clock, connections, failures, attempts } = setUp();
  failures.push(DOWN, DOWN);
  const both = await Promise.allSettled([connections.get(never), connections.get(never)]);
  assert.ok(both.every((result) => result.status === "rejected" && result.reason === DOWN));
  const again = connections.get(never);
  again.catch(() => {});
  await settleDown();
  assert.equal(attempts(), 1);
  await clock.tick(100);
  assert.equal(attempts(), 2);
  await assert.rejects(again, DOWN);
  const third = connections.get(never);
  await clock.tick(5000);
  await third;
  assert.equal(attempts(), 3);
  connections[Symbol.dispose]();
  assert.equal(clock.pending, 0);
});

Deno.test("Connections.replace() retires the old connection only when the new one works", async () => {
  const { connections, made, failures } = setUp();
  await connections.get(never);
  failures.push(DOWN);
  await assert.rejects(connections.replace(), DOWN);
  assert.equal(connections.current, made[0]);
  assert.equal(made[0]?.retired.aborted, false);
  const { clock, ...other } = setUp();
  await other.connections.get(never);
  const next = await other.connections.replace();
  assert.equal(other.connections.current, next);
  assert.ok(other.made[0]?.retired.aborted);
  // A stream may still be open on it, which must not outlive the program.
  assert.equal(other.made[0]?.isDestroyed, false);
  other.connections[Symbol.dispose]();
  assert.ok(other.made.every(({ isDestroyed }) => isDestroyed));
  connections[Symbol.dispose]();
  assert.equal(clock.pending, 0);
});

Deno.test("Connections stops waiting with its caller, and for good at its end", async () => {
  const { clock, connections, failures } = setUp();
  failures.push(DOWN);
  await assert.rejects(connections.get(never), DOWN);
  const impatient = new AbortController();
  const waiting = connections.get(impatient.signal);
  impatient.abort();
  await assert.rejects(waiting, { message: "the call was cancelled" });
  connections[Symbol.dispose]();
  const message = "the connection to the cluster is no longer in use";
  await assert.rejects(connections.get(never), { message });
  assert.equal(clock.pending, 0);
});

Deno.test("Connections does not wait longer when the clock is set back", async () => {
  const { clock, connections, failures, attempts } = setUp();
  failures.push(DOWN);
  await assert.rejects(connections.get(never), DOWN);
  clock.set(clock.now() - 3_600_000);
  const again = connections.get(never);
  await clock.tick(5000);
  await again;
  assert.equal(attempts(), 2);
  connections[Symbol.dispose]();
});
