import assert from "node:assert/strict";
import { ClusterError } from "../../errors.ts";
import { open, startBench, startRelay, until } from "../testing/tunnel.ts";

/** From the first byte almost to the last of what a server says until the tunnel stands. */
const CUTS = Array.from({ length: 16 }, (_, index) => 1 + index * 100);

Deno.test("openSshTunnel() can be cancelled at every step and leaves nothing behind", async () => {
  await using bench = await startBench();
  for (const bytes of CUTS) {
    await using relay = await startRelay(bench.server.port, bytes, "hangs");
    const controller = new AbortController();
    const opening = open(relay.port, bench.credentials, { signal: controller.signal });
    const outcome = opening.then(
      (tunnel) => tunnel.destroy() && "opened",
      (error) => error.message,
    );
    await relay.spent;
    controller.abort();
    assert.equal(await outcome, "the attempt was cancelled", `after ${bytes} bytes`);
    await until(() => relay.connections === 0, "the connection is closed");
  }
  assert.equal(bench.echo.connections, 0);
});

Deno.test("openSshTunnel() fails at once when its signal was aborted before", async () => {
  await using bench = await startBench();
  await assert.rejects(bench.open({ signal: AbortSignal.abort() }), /the attempt was cancelled/);
  await until(() => bench.server.connections === 0, "the connection is closed");
});

Deno.test("openSshTunnel() reports a connection that ends at any step", async () => {
  await using bench = await startBench();
  for (const bytes of CUTS) {
    await using relay = await startRelay(bench.server.port, bytes, "ends");
    await assert.rejects(
      open(relay.port, bench.credentials),
      (error) =>
        error instanceof ClusterError && error.kind === "unavailable" &&
        error.message === "the proxy closed the SSH connection",
      `after ${bytes} bytes`,
    );
    await until(() => relay.connections === 0, "the connection is closed");
  }
});
