/**
 * The cluster's side of the surfaces that the program dials, behind a relay that spoils what it says. It
 * runs beside the program, or in a process of its own, so that the program's memory is measured alone.
 */

import { fork } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startAuthServer } from "../../sim/auth/server.ts";
import { Cluster } from "../../sim/cluster/cluster.ts";
import {
  type Identity,
  issueAuthServer,
  issueIdentity,
  issueWebServer,
} from "../../sim/pki/identity.ts";
import { createPki, type Pki } from "../../sim/pki/pki.ts";
import { startProxy } from "../../sim/proxy/proxy.ts";
import { startSshTunnel } from "../../sim/proxy/ssh/server.ts";
import { Random } from "../simulation/random.ts";
import { type Relay, startRelay } from "./relay.ts";

const CLUSTER = "example.com";

export type PeerName = "TLS peers" | "SSH peers" | "WebSocket" | "HTTP/2 frames";

/** What the program needs to dial them. */
export interface PeerFacts {
  /** The relay's, `host:port`. */
  readonly address: string;
  readonly identity: Identity;
  readonly webCaPem: string;
}

export interface Peers extends AsyncDisposable {
  readonly facts: PeerFacts;
  /** Ends all connections; the faults of the next ones are drawn from `seed`. */
  next(seed: number): Promise<void>;
}

interface Stage {
  readonly stack: AsyncDisposableStack;
  readonly pki: Pki;
  readonly identity: Identity;
  readonly authAddress: string;
}

/** What is between the program and the auth server. */
const RELAYS: Readonly<Record<PeerName, (stage: Stage) => Promise<Relay>>> = {
  "TLS peers": ({ authAddress }) => startRelay(authAddress),
  "SSH peers": async ({ stack, pki, authAddress }) => {
    const server = stack.use(await startSshTunnel(pki, authAddress));
    return await startRelay(server.address);
  },
  "WebSocket": async ({ stack, pki, authAddress }) => {
    const proxy = stack.use(await startProxy(pki, authAddress));
    proxy.upgrade.pingIntervalMs = 1;
    const { certPem: cert, keyPem: key } = await issueWebServer(pki);
    return await startRelay(proxy.address, {
      server: { cert, key },
      client: { servername: "localhost", ca: pki.webCa.certPem, ALPNProtocols: ["http/1.1"] },
    });
  },
  "HTTP/2 frames": async ({ pki, identity, authAddress }) => {
    const { certPem: cert, keyPem: key } = await issueAuthServer(pki);
    return await startRelay(authAddress, {
      server: { cert, key, ALPNProtocols: ["h2"] },
      client: {
        servername: "teleport.cluster.local",
        ca: pki.hostCa.certPem,
        cert: identity.certPem,
        key: identity.keyPem,
        ALPNProtocols: ["h2"],
      },
    });
  },
};

/** Starts the peers in this process. */
export async function startPeers(name: PeerName): Promise<Peers> {
  await using stack = new AsyncDisposableStack();
  const pki = await createPki(CLUSTER);
  const identity = await issueIdentity(pki);
  const cluster = new Cluster(CLUSTER);
  for (let i = 0; i < 3; i++) cluster.create({ reason: "words ".repeat(50) });
  const auth = stack.use(await startAuthServer(cluster, pki));
  const stage = { stack, pki, identity, authAddress: auth.address };
  const relay = stack.use(await RELAYS[name](stage));
  const owned = stack.move();
  return {
    facts: { address: relay.address, identity, webCaPem: pki.webCa.certPem },
    next: (seed) => {
      relay.breakConnections();
      relay.random = new Random(seed);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Starts the peers in a process of their own, which ends with this one. */
export async function startPeersApart(name: PeerName): Promise<Peers> {
  const child = fork(fileURLToPath(import.meta.url), [name]);
  const answer = async () => (await once(child, "message"))[0];
  const facts = await answer() as PeerFacts;
  return {
    facts,
    async next(seed) {
      const done = answer();
      child.send(seed);
      await done;
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

/** Serves `startPeersApart()` over the channel to the process that forked this one. */
async function serve(name: PeerName): Promise<void> {
  const peers = await startPeers(name);
  process.on("message", (seed: number) => {
    peers.next(seed).then(() => process.send?.("done"));
  });
  process.on("disconnect", () => process.exit());
  process.send?.(peers.facts);
}

if (import.meta.main) await serve(process.argv[2] as PeerName);
