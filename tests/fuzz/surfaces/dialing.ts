/** Servers of the cluster's side, as the program dials them: TLS, SSH, WebSocket, HTTP/2. */

import { ClusterError } from "../../../src/teleport/errors.ts";
import { systemClock } from "../../../src/clock.ts";
import { lookupAll } from "../../../src/net/dial.ts";
import { dialDirectly, secureAuthConnection } from "../../../src/teleport/dial/direct.ts";
import { parseAddress } from "../../../src/net/address.ts";
import { type DialContext } from "../../../src/teleport/dial/method.ts";
import { openSshTunnel } from "../../../src/teleport/dial/ssh/tunnel.ts";
import { connectTcp } from "../../../src/teleport/dial/tcp.ts";
import { dialByUpgrade } from "../../../src/teleport/dial/upgrade.ts";
import { connectClient } from "../../../src/teleport/testing/cluster_client.ts";
import { credentialsOf } from "../../../src/teleport/dial/testing/tunnel.ts";
import { identityFileText } from "../../../sim/pki/identity.ts";
import type { Random } from "../../simulation/random.ts";
import { type PeerFacts, type PeerName, startPeers, startPeersApart } from "../peers.ts";
import type { Lane, Surface } from "../surface.ts";

/** What a step may take: what has been spoiled often leaves nothing but waiting; a long run may wait longer. */
const STEP_MS = { short: 400, long: 1_000 };

interface Facts extends PeerFacts {
  readonly stepMs: number;
}

type Feed = (signal: AbortSignal) => Promise<unknown>;

/** `start` is called once for each lane, whose peers it gets; what it sets up goes with `stack`. */
function surface(
  name: PeerName,
  start: (facts: Facts, stack: AsyncDisposableStack) => Feed | Promise<Feed>,
  keptKiB = 0,
): Surface {
  return {
    name,
    keptKiB,
    open: async ({ apart }) => {
      await using stack = new AsyncDisposableStack();
      const peers = stack.use(await (apart ? startPeersApart : startPeers)(name));
      const feed = await start(
        { ...peers.facts, stepMs: apart ? STEP_MS.long : STEP_MS.short },
        stack,
      );
      const owned = stack.move();
      return lane(feed, peers.next, () => owned.disposeAsync());
    },
  };
}

function lane(
  feed: Feed,
  next: (seed: number) => Promise<void>,
  dispose: () => Promise<void>,
): Lane {
  return {
    feed: async (random: Random) => {
      await next(random.int(0, 0xffff_ffff));
      // Programs are told to stop, too, at any moment.
      const stop = new AbortController();
      const timer = random.chance(0.1)
        ? setTimeout(() => stop.abort(), random.int(0, 30))
        : undefined;
      try {
        await feed(stop.signal);
        return "ok";
      } catch (error) {
        if (error instanceof ClusterError) return error.message;
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function contextOf({ address, identity, webCaPem, stepMs }: Facts): DialContext {
  return {
    address: parseAddress(address, 0) ?? { host: "", port: 0 },
    credentials: credentialsOf(identity),
    env: {},
    webRoots: () => Promise.resolve([webCaPem]),
    lookup: lookupAll,
    now: systemClock.now,
    stepTimeoutMs: stepMs,
  };
}

const tlsPeers = surface("TLS peers", (facts) => {
  const context = contextOf(facts);
  return async (signal) => (await dialDirectly(context, signal)).destroy();
});

const sshPeers = surface("SSH peers", (facts) => {
  const context = contextOf(facts);
  const { address, credentials } = context;
  return async (signal) => {
    const stream = await connectTcp(address, context, signal);
    const options = { timeoutMs: facts.stepMs, nowMs: Date.now(), signal };
    const tunnel = await openSshTunnel(stream, address.host, credentials, options);
    (await secureAuthConnection(tunnel, credentials, facts.stepMs, signal)).destroy();
  };
});

const webSockets = surface("WebSocket", (facts) => {
  const context = contextOf(facts);
  return async (signal) => (await dialByUpgrade(context, signal)).destroy();
});

const http2Frames = surface("HTTP/2 frames", async ({ address, identity, stepMs }, stack) => {
  const path = await Deno.makeTempFile();
  stack.defer(() => Deno.remove(path));
  await Deno.writeTextFile(path, identityFileText(identity));
  const channel = { readyTimeoutMs: stepMs };
  const options = { address, identity: path, channel, stepTimeoutMs: stepMs };
  return async (signal) => {
    using connected = connectClient({ ...options, via: "direct" });
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), 2 * stepMs);
    const stop = AbortSignal.any([signal, limit.signal]);
    try {
      await connected.client.ping(stop);
      await connected.client.listRequests(stop);
      await connected.client.listRecords(stop);
      for await (const _ of connected.client.watch(stop)) break;
    } finally {
      clearTimeout(timer);
    }
  };
}, 40);

export const DIALING: readonly Surface[] = [tlsPeers, sshPeers, webSockets, http2Frames];
