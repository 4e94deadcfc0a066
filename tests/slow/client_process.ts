/**
 * The client side of the program as a process of its own, for tests of what the runtime does: makes
 * calls, says so, and does as it is told on stdin, a word a line: `ping` makes calls again, `watch` opens
 * the watch, `cycle` loses the connection 300 times, `weigh` says what memory a reconnect costs, `exit`
 * ends it.
 */

import { systemClock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import { TeleportClient } from "../../src/teleport/client.ts";
import { clusterConnections } from "../../src/teleport/cluster_connections.ts";
import { CredentialStore } from "../../src/teleport/credential_store.ts";
import { loadCredentials } from "../../src/teleport/credentials.ts";
import { parseAddress } from "../../src/net/address.ts";

const RECONNECTS = 300;
/** Until V8's heap has its size: it grows at first, whatever happens (docs/internals/decisions/runtime.md). */
const WARM_UP = 700;

const [addr = "", identity = "", calls = "1"] = Deno.args;
const ignore = () => {};
const log: Log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
const deps = { clock: systemClock, random: Math.random, log };
const address = parseAddress(addr, 3025);
if (address === undefined) throw new Error(`no address: '${addr}'`);
using connections = clusterConnections({
  ...deps,
  address,
  via: "direct",
  webRootCas: undefined,
  env: {},
  store: new CredentialStore({
    ...deps,
    load: () => loadCredentials({ kind: "identity", path: identity }, Date.now()),
  }),
});
const client = new TeleportClient(addr, connections, deps);
const end = new AbortController();

/** Calls as the program makes them, which come again when a connection was lost under them. */
async function ping(): Promise<void> {
  for (let left = Number(calls); left > 0;) {
    await client.ping(end.signal).then(() => left--, () => {});
  }
}

async function watch(): Promise<void> {
  for await (const event of client.watch(end.signal)) {
    if (event.type === "init") return say("watching");
  }
}

async function reconnect(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    connections.current?.destroy();
    await client.ping(end.signal);
  }
}

/** How much memory a reconnect costs for good, in MiB, once everything has its size. */
async function weigh(): Promise<number> {
  await reconnect(WARM_UP);
  const startMiB = await residentMiB();
  await reconnect(RECONNECTS);
  return (await residentMiB() - startMiB) / RECONNECTS;
}

/** Without garbage. */
async function residentMiB(): Promise<number> {
  // What is let go of a while after the connection was closed; a busy machine takes longer.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const { gc } = globalThis as { readonly gc?: () => void };
  if (gc === undefined) throw new Error("no gc(): start with --v8-flags=--expose-gc");
  gc();
  return Deno.memoryUsage().rss / 2 ** 20;
}

function say(word: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(word + "\n"));
}

await ping();
say("ready");
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const word of chunk.trim().split("\n")) {
    if (word === "ping") await ping().then(() => say("pinged"));
    if (word === "watch") await watch();
    if (word === "cycle") await reconnect(RECONNECTS).then(() => say("cycled"));
    if (word === "weigh") await weigh().then((cost) => say(`weighed ${cost.toFixed(4)}`));
    if (word === "exit") Deno.exit(0);
  }
}
