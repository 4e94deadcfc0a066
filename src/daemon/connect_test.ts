import assert from "node:assert/strict";
import { FakeClock } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";
import type { ServerInfo } from "../teleport/client.ts";
import { ClusterError, type ClusterErrorKind } from "../teleport/errors.ts";
import { connect } from "./connect.ts";

const SERVER: ServerInfo = {
  clusterName: "example.com",
  version: "18.6.4",
  proxyPublicAddr: "",
  advancedAccessWorkflows: false,
};

/** Answers with each of `answers` in turn, then with the server. */
function setUp(...answers: (ServerInfo | ClusterErrorKind)[]) {
  const clock = new FakeClock();
  const log = fakeLog();
  const drain = new AbortController();
  let calls = 0;
  const ping = () => {
    calls++;
    const answer = answers.shift() ?? SERVER;
    return typeof answer === "string"
      ? Promise.reject(new ClusterError(answer, `it is ${answer}`))
      : Promise.resolve(answer);
  };
  const deps = { clock, log, random: () => 0.5 };
  const lines = () =>
    log.lines.filter((l) => l.level !== "debug").map((l) => `${l.level} ${l.message}`);
  return {
    clock,
    drain,
    lines,
    calls: () => calls,
    connected: connect({ ping }, deps, drain.signal),
  };
}

Deno.test("connect() retries until the server answers, and logs the failure once", async () => {
  const { clock, lines, connected } = setUp("unavailable", "other", "unavailable");
  await clock.tick(10_000);
  assert.equal(await connected, SERVER);
  assert.deepEqual(lines(), [
    "warn Teleport server does not answer, trying again",
    "info Teleport server answers now",
  ]);
});

Deno.test("connect() fails at once on errors that time does not heal", async () => {
  await assert.rejects(setUp("credentials").connected, { message: "it is credentials" });
  await assert.rejects(setUp("denied").connected, { message: "it is denied" });
  await assert.rejects(setUp("unsupported").connected, {
    message: "server version must be at least 6.1.0-beta.1: it is unsupported",
  });
  await assert.rejects(setUp({ ...SERVER, version: "5.0.0" }).connected, {
    message: "incompatible versions: 5.0.0 < 6.1.0-beta.1",
  });
});

Deno.test("connect() ends when the program is shut down", async () => {
  const { clock, drain, calls, connected } = setUp("unavailable", "unavailable", "unavailable");
  await clock.tick(0);
  drain.abort();
  assert.equal(await connected, undefined);
  assert.deepEqual([calls(), clock.pending], [1, 0]);
});
