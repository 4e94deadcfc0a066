import assert from "node:assert/strict";
import { FakeClock } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";
import { CredentialStore } from "./credential_store.ts";
import type { Credentials } from "./credentials.ts";
import { ClusterError } from "./errors.ts";
import { someCredentials } from "./testing/fixtures.ts";

const never = new AbortController().signal;
const TORN = new ClusterError("credentials", "identity file could not be decoded: fragment");
const OLD = someCredentials();
const NEW = someCredentials({ certPem: "new", notAfterMs: OLD.notAfterMs + 1 });

/** Each reading gives the next answer; the last one stays. */
function setUp(...answers: (Credentials | ClusterError)[]) {
  const clock = new FakeClock();
  const log = fakeLog();
  let reads = 0;
  const load = () => {
    const answer = answers[Math.min(reads++, answers.length - 1)];
    return answer instanceof ClusterError || answer === undefined
      ? Promise.reject(answer)
      : Promise.resolve(answer);
  };
  const store = new CredentialStore({ load, clock, log });
  const read = async () => {
    const reading = store.read(never);
    reading.catch(() => {});
    await clock.tick(500);
    return await reading;
  };
  const lines = () => log.lines.map(({ level, message }) => `${level} ${message}`);
  return { clock, store, read, lines, reads: () => reads };
}

Deno.test("CredentialStore reads the files each time and reports new content", async () => {
  const { store, read, lines } = setUp(OLD, OLD, NEW);
  assert.equal(store.last, undefined);
  assert.equal(await read(), OLD);
  assert.equal(await read(), OLD);
  assert.equal(await read(), NEW);
  assert.equal(store.last, NEW);
  assert.deepEqual(lines(), ["info Credentials were renewed"]);
});

Deno.test("CredentialStore reads again when a file is half written", async () => {
  const { read, lines, reads } = setUp(TORN, TORN, OLD);
  assert.equal(await read(), OLD);
  assert.deepEqual([reads(), lines()], [3, []]);
});

Deno.test("CredentialStore keeps the valid credentials while the files are unusable, and logs it once", async () => {
  const { read, lines } = setUp(OLD, TORN, TORN, TORN, TORN, TORN, TORN, NEW);
  await read();
  assert.equal(await read(), OLD);
  assert.equal(await read(), OLD);
  assert.equal(await read(), NEW);
  assert.deepEqual(lines(), [
    "error Failed to reload identity file from disk.",
    "info Credentials can be read again",
    "info Credentials were renewed",
  ]);
});

Deno.test("CredentialStore refuses when nothing valid is left", async () => {
  const first = setUp(TORN);
  await assert.rejects(first.read(), TORN);
  const later = setUp(OLD, TORN);
  await later.read();
  await later.clock.tick(3_600_000);
  await assert.rejects(later.read(), TORN);
});
