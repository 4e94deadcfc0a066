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
import { startAuthServer } from "../../../sim/auth/server.ts";
import { Cluster } from "../../../sim/cluster/cluster.ts";
import {
  identityFileText,
  issueAuthServer,
  issueIdentity,
  issueWebServer,
} from "../../../sim/pki/identity.ts";
import { createPki } from "../../../sim/pki/pki.ts";
import { startProxy } from "../../../sim/proxy/proxy.ts";
import { startSshTunnel } from "../../../sim/proxy/ssh/server.ts";
import type { Random } from "../../simulation/random.ts";
import { type Relay, startRelay } from "../relay.ts";
import type { Lane, Surface } from "../surface.ts";

const CLUSTER = "example.com";
/** What a step may take: what has been spoiled often leaves nothing but waiting. */
const STEP_MS = 400;

/**
 * The auth server behind the relay begins an HTTP/2 session with each handshake that it finishes. The
 * program's side of a dial keeps nothing.
 */
const SESSION_KIB = 24;

/** Each lane has a cluster of its own; `open` starts what is between it and the program. */
interface Stage {
  readonly stack: AsyncDisposableStack;
  readonly pki: Awaited<ReturnType<typeof createPki>>;
  readonly identity: Awaited<ReturnType<typeof issueIdentity>>;
  readonly authAddress: string;
  /** How the program dials `address`. */
  context(address: string): DialContext;
}

type Feed = (signal: AbortSignal) => Promise<unknown>;

function surface(
  name: string,
  keptKiB: number,
  open: (stage: Stage) => Promise<{ readonly relay: Relay; readonly feed: Feed }>,
): Surface {
  return {
    name,
    keptKiB,
    open: async () => {
      await using stack = new AsyncDisposableStack();
      const pki = await createPki(CLUSTER);
      const identity = await issueIdentity(pki);
      const cluster = new Cluster(CLUSTER);
      for (let i = 0; i < 3; i++) cluster.create({ reason: "words ".repeat(50) });
      const auth = stack.use(await startAuthServer(cluster, pki));
      const context = (address: string): DialContext => ({
        address: parseAddress(address, 0) ?? { host: "", port: 0 },
        credentials: credentialsOf(identity),
        env: {},
        webRoots: () => Promise.resolve([pki.webCa.certPem]),
        lookup: lookupAll,
        now: systemClock.now,
        stepTimeoutMs: STEP_MS,
      });
      const stage = { stack, pki, identity, authAddress: auth.address, context };
      const { relay, feed } = await open(stage);
      stack.use(relay);
      const owned = stack.move();
      return lane(relay, feed, () => owned.disposeAsync());
    },
  };
}

function lane(relay: Relay, feed: Feed, dispose: () => Promise<void>): Lane {
  return {
    feed: async (random: Random) => {
      relay.random = random;
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
        relay.breakConnections();
      }
    },
    [Symbol.asyncDispose]: dispose,
  };
}

const tlsPeers = surface("TLS peers", SESSION_KIB, async ({ authAddress, context }) => {
  const relay = await startRelay(authAddress);
  return {
    relay,
    feed: async (signal) => (await dialDirectly(context(relay.address), signal)).destroy(),
  };
});

const sshPeers = surface("SSH peers", SESSION_KIB, async ({ stack, pki, authAddress, context }) => {
  const server = stack.use(await startSshTunnel(pki, authAddress));
  const relay = await startRelay(server.address);
  return {
    relay,
    feed: async (signal) => {
      const dialing = context(relay.address);
      const { address: { host }, credentials } = dialing;
      const stream = await connectTcp(dialing.address, dialing, signal);
      const options = { timeoutMs: STEP_MS, nowMs: Date.now(), signal };
      const tunnel = await openSshTunnel(stream, host, credentials, options);
      (await secureAuthConnection(tunnel, credentials, STEP_MS, signal)).destroy();
    },
  };
});

const webSockets = surface("WebSocket", 0, async ({ stack, pki, authAddress, context }) => {
  const proxy = stack.use(await startProxy(pki, authAddress));
  proxy.upgrade.pingIntervalMs = 1;
  const { certPem: cert, keyPem: key } = await issueWebServer(pki);
  const relay = await startRelay(proxy.address, {
    server: { cert, key },
    client: { servername: "localhost", ca: pki.webCa.certPem, ALPNProtocols: ["http/1.1"] },
  });
  return {
    relay,
    feed: async (signal) => (await dialByUpgrade(context(relay.address), signal)).destroy(),
  };
});

const http2Frames = surface("HTTP/2 frames", 40, async ({ stack, pki, identity, authAddress }) => {
  const { certPem: cert, keyPem: key } = await issueAuthServer(pki);
  const relay = await startRelay(authAddress, {
    server: { cert, key, ALPNProtocols: ["h2"] },
    client: {
      servername: "teleport.cluster.local",
      ca: pki.hostCa.certPem,
      cert: identity.certPem,
      key: identity.keyPem,
      ALPNProtocols: ["h2"],
    },
  });
  const path = await Deno.makeTempFile();
  stack.defer(() => Deno.remove(path));
  await Deno.writeTextFile(path, identityFileText(identity));
  return {
    relay,
    feed: async (signal) => {
      const { address } = relay;
      const channel = { readyTimeoutMs: STEP_MS };
      const client = { address, identity: path, via: "direct", channel } as const;
      using connected = connectClient({ ...client, stepTimeoutMs: STEP_MS });
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(), 2 * STEP_MS);
      const stop = AbortSignal.any([signal, limit.signal]);
      try {
        await connected.client.ping(stop);
        await connected.client.listRequests(stop);
        await connected.client.listRecords(stop);
        for await (const _ of connected.client.watch(stop)) break;
      } finally {
        clearTimeout(timer);
      }
    },
  };
});

export const DIALING: readonly Surface[] = [tlsPeers, sshPeers, webSockets, http2Frames];
