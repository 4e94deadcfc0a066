import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { SshExtendedDataType } from "@microsoft/dev-tunnels-ssh";
import { echoThrough, sendThrough, startBench } from "../testing/tunnel.ts";
import { TunnelSession } from "./session.ts";

Deno.test("A tunnel survives key exchanges that its server starts", async () => {
  await using bench = await startBench({ rekeyBytes: 100_000 });
  const tunnel = await bench.open();
  const [session] = bench.server.sessions;
  const first = session?.algorithms;
  const sent = randomBytes(3_000_000);
  assert.ok((await sendThrough(tunnel, sent)).equals(sent));
  assert.notEqual(session?.algorithms, first);
  assert.equal(await echoThrough(tunnel, "still here"), "still here");
});

Deno.test("A session refuses the channels that a server opens", async () => {
  await using bench = await startBench();
  const tunnel = await bench.open();
  const [session] = bench.server.sessions;
  await assert.rejects(
    async () => await session?.openChannel("forwarded-tcpip"),
    /this client offers no services/,
  );
  assert.equal(await echoThrough(tunnel, "still here"), "still here");
});

Deno.test("Text on a tunnel's stderr does not use up its window", async () => {
  await using bench = await startBench();
  const tunnel = await bench.open();
  const [session] = bench.server.sessions;
  // Three times the window; the library's own send waits for room.
  const text = Buffer.alloc(3 * 1024 * 1024, "x");
  await session?.channels[0]?.sendExtendedData(SshExtendedDataType.STDERR, text);
  assert.equal(await echoThrough(tunnel, "still here"), "still here");
});

Deno.test("A session that ends while a channel is asked for leaves no rejection unhandled", async () => {
  class StuckSession extends TunnelSession {
    override sendMessage(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const session = new StuckSession();
  void session.openTunnelChannel("teleport-transport");
  session.dispose();
  // An unhandled rejection would fail the test here.
  await new Promise((resolve) => setTimeout(resolve, 10));
});
