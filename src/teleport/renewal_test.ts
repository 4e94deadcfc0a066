import assert from "node:assert/strict";
import { FakeClock, NOW_MS } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";
import { CredentialStore } from "./credential_store.ts";
import type { Credentials } from "./credentials.ts";
import { ClusterError } from "./errors.ts";
import { isEnding, renewCredentials } from "./renewal.ts";
import { FakeConnection, someCredentials } from "./testing/fixtures.ts";

const MINUTE_MS = 60_000;

async function setUp(options: { readonly refresh: boolean; readonly first?: Credentials }) {
  const clock = new FakeClock();
  const log = fakeLog();
  let file: Credentials | ClusterError = options.first ?? someCredentials();
  const load = () => file instanceof ClusterError ? Promise.reject(file) : Promise.resolve(file);
  const store = new CredentialStore({ load, clock, log });
  const stop = new AbortController();
  let current = new FakeConnection(await store.read(stop.signal));
  let refusals = 0;
  let change = () => {};
  const connections = {
    get current() {
      return current;
    },
    replace: async () => {
      if (refusals-- > 0) throw new ClusterError("unavailable", "connection refused");
      current = new FakeConnection(await store.read(stop.signal));
      return current;
    },
  };
  const done = renewCredentials({
    store,
    connections,
    refresh: options.refresh,
    intervalMs: MINUTE_MS,
    changed: () => new Promise((resolve) => change = resolve),
    clock,
    log,
  }, stop.signal);
  return {
    clock,
    write: (next: Credentials | ClusterError) => file = next,
    change: () => change(),
    refuse: (times: number) => refusals = times,
    used: () => current.credentials.certPem,
    lines: () => log.lines.map(({ level, message }) => `${level} ${message}`),
    end: async () => {
      stop.abort();
      await done;
      assert.equal(clock.pending, 0);
    },
  };
}

/** The `count`-th certificate of a bot: an hour long, every twenty minutes. */
function botCertificate(count: number): Credentials {
  const notBeforeMs = NOW_MS + count * 20 * MINUTE_MS;
  const notAfterMs = notBeforeMs + 60 * MINUTE_MS;
  return someCredentials({ certPem: `certificate ${count}`, notBeforeMs, notAfterMs });
}

Deno.test("isEnding() when a third of a certificate's life is left", () => {
  const hour = someCredentials();
  assert.equal(isEnding(hour, NOW_MS + 40 * MINUTE_MS), false);
  assert.equal(isEnding(hour, NOW_MS + 40 * MINUTE_MS + 1), true);
});

Deno.test("renewCredentials() changes over well before the certificate in use expires", async () => {
  const { clock, write, used, lines, end } = await setUp({
    refresh: true,
    first: botCertificate(0),
  });
  write(botCertificate(1));
  await clock.tick(30 * MINUTE_MS);
  assert.equal(used(), "certificate 0");
  write(botCertificate(2));
  await clock.tick(12 * MINUTE_MS);
  assert.equal(used(), "certificate 2");
  assert.deepEqual(lines(), [
    "info Credentials were renewed",
    "info Credentials were renewed",
    "info Connection moved to the renewed credentials",
  ]);
  await end();
});

Deno.test("renewCredentials() reads the file at once when it changes", async () => {
  const { clock, write, change, used, end } = await setUp({
    refresh: true,
    first: someCredentials({
      notAfterMs: NOW_MS + MINUTE_MS,
      notBeforeMs: NOW_MS - 60 * MINUTE_MS,
    }),
  });
  await clock.tick(1000);
  write(botCertificate(1));
  change();
  await clock.tick(0);
  assert.equal(used(), "certificate 1");
  await end();
});

Deno.test("renewCredentials() retries when the new connection fails", async () => {
  const { clock, write, refuse, used, lines, end } = await setUp({
    refresh: true,
    first: botCertificate(0),
  });
  await clock.tick(41 * MINUTE_MS);
  write(botCertificate(2));
  refuse(1);
  await clock.tick(MINUTE_MS);
  assert.equal(used(), "certificate 0");
  await clock.tick(MINUTE_MS);
  assert.equal(used(), "certificate 2");
  assert.ok(lines().includes("warn Cannot switch to the renewed credentials yet"));
  await end();
});

Deno.test("renewCredentials() without refresh_identity reads only near the expiry, and warns", async () => {
  const first = someCredentials({ notAfterMs: NOW_MS + 120 * MINUTE_MS });
  const { clock, write, used, lines, end } = await setUp({ refresh: false, first });
  await clock.tick(119 * MINUTE_MS);
  const warning =
    "warn Credentials expire soon and are not renewed automatically: sign new ones with a longer " +
    "lifetime, or let tbot renew the identity file and set refresh_identity";
  assert.deepEqual(lines(), [warning, warning]);
  write(botCertificate(6));
  await clock.tick(MINUTE_MS);
  assert.equal(used(), "certificate 6");
  await end();
});

Deno.test("renewCredentials() warns when a renewed file is overdue", async () => {
  const { clock, write, lines, end } = await setUp({ refresh: true, first: botCertificate(0) });
  write(new ClusterError("credentials", "it contains no PEM block"));
  await clock.tick(52 * MINUTE_MS);
  assert.deepEqual(lines(), [
    "error Failed to reload identity file from disk.",
    "warn Credentials expire soon and have not been renewed",
  ]);
  await end();
});

Deno.test("renewCredentials() warns about a short certificate only near its end", async () => {
  const shortOne = (minute: number) =>
    someCredentials({
      certPem: `certificate of minute ${minute}`,
      notBeforeMs: NOW_MS + minute * MINUTE_MS,
      notAfterMs: NOW_MS + (minute + 6) * MINUTE_MS,
    });
  const { clock, write, lines, end } = await setUp({ refresh: true, first: shortOne(0) });
  write(shortOne(2));
  await clock.tick(3 * MINUTE_MS);
  write(shortOne(3));
  await clock.tick(4 * MINUTE_MS);
  const isWarning = (line: string) => line.startsWith("warn");
  assert.deepEqual(lines().filter(isWarning), []);
  await clock.tick(MINUTE_MS);
  assert.deepEqual(lines().filter(isWarning), [
    "warn Credentials expire soon and have not been renewed",
  ]);
  await end();
});
