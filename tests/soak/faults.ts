/** Everything that goes wrong in a soak, one after another and at the same time. */

import { identityFileText, issueIdentity } from "../../sim/pki/identity.ts";
import type { MethodName } from "../../sim/auth/grpc_service.ts";
import { ROTATION_PHASES } from "../../sim/cluster/rotation.ts";
import { PRESET_ROLE } from "../../sim/auth/rbac.ts";
import { DEFAULT_ROLE } from "../../sim/pki/identity.ts";
import type { Random } from "../simulation/random.ts";
import type { SoakStage } from "./stage.ts";

export interface FaultContext extends SoakStage {
  /** The fault's own, so that its course does not depend on the others. */
  readonly random: Random;
  /** Ends early when the soak does. */
  readonly pause: (ms: number) => Promise<void>;
}

export interface Fault {
  readonly name: string;
  /** What no other fault may touch meanwhile; a replica is chosen when the fault begins. */
  readonly on: "auth" | "proxy" | "ssh" | "balancer" | "mail" | "identity" | "replica";
  /** Resolves when everything is as it was. */
  readonly run: (context: FaultContext, replica: SoakStage["replicas"][number]) => Promise<void>;
}

const CALLS: readonly [MethodName, ...MethodName[]] = [
  "UpdatePluginData",
  "GetPluginData",
  "GetAccessRequestsV2",
  "WatchEvents",
];

const short = (random: Random) => random.int(500, 6_000);
const long = (random: Random) => random.int(2_000, 30_000);

/** A server that is away for a while, and what a mail can suffer from that. */
function outage(
  on: "auth" | "proxy" | "ssh" | "balancer" | "mail",
  server: (stage: SoakStage) => { stop(): Promise<void>; start(): Promise<void> },
): Fault {
  return {
    name: `${on} restarts`,
    on,
    run: async (context) => {
      const { excuses, random, pause } = context;
      const end = excuses.begin(on === "mail" ? "no answer" : "overtaken");
      await server(context).stop();
      await pause(short(random));
      await server(context).start();
      end();
    },
  };
}

const CLUSTER_FAULTS: readonly Fault[] = [
  outage("auth", ({ playground }) => playground.auth),
  outage("proxy", ({ playground }) => playground.proxy),
  outage("ssh", ({ playground }) => playground.ssh),
  outage("balancer", ({ balancer }) => balancer),
  {
    name: "watches end in good order",
    on: "auth",
    run: ({ playground }) => Promise.resolve(playground.auth.dropWatches()),
  },
  {
    name: "watches overflow",
    on: "auth",
    run: ({ playground: { auth } }) =>
      Promise.resolve(auth.dropWatches("INVALID_ARGUMENT", "watcher is closed: buffer overflow")),
  },
  {
    name: "auth says goodbye",
    on: "auth",
    run: ({ playground }) => playground.auth.goAway(),
  },
  {
    name: "auth breaks connections",
    on: "auth",
    run: ({ playground }) => Promise.resolve(playground.auth.breakConnections()),
  },
  {
    name: "auth is slow",
    on: "auth",
    run: async ({ playground: { auth }, random, pause }) => {
      auth.callDelayMs = random.int(100, 3_000);
      auth.initDelayMs = random.int(0, 3_000);
      await pause(short(random));
      auth.callDelayMs = auth.initDelayMs = 0;
    },
  },
  {
    name: "auth refuses calls for now",
    on: "auth",
    run: ({ playground: { auth }, random }) => {
      const code = random.pick(["UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL"]);
      return Promise.resolve(
        auth.failNext(random.pick(CALLS), code, "told to fail", random.int(1, 5)),
      );
    },
  },
  {
    name: "auth's answers are lost",
    on: "auth",
    run: ({ playground: { auth }, random }) =>
      Promise.resolve(auth.loseAnswers("UpdatePluginData", random.int(1, 5))),
  },
];

/** What a cluster does to a program that trusts it; nothing of it may close a request. */
const DECEPTIONS: readonly Fault[] = [
  {
    name: "role loses list",
    on: "auth",
    run: async ({ playground: { auth, cluster }, random, pause }) => {
      const narrowed = PRESET_ROLE.map((rule) =>
        rule.kind === "access_request" ? { ...rule, verbs: ["read"] as const } : rule
      );
      cluster.roles.set(DEFAULT_ROLE, narrowed);
      auth.dropWatches();
      await pause(long(random));
      cluster.roles.set(DEFAULT_ROLE, PRESET_ROLE);
    },
  },
  {
    name: "auth's cache lags",
    on: "auth",
    run: async ({ playground: { auth }, random, pause }) => {
      auth.setUnimplemented("GetAccessRequestsV2");
      auth.cache.pause();
      auth.dropWatches();
      await pause(short(random));
      auth.cache.resume();
      auth.setUnimplemented("GetAccessRequestsV2", false);
    },
  },
  {
    name: "auth refuses writes permanently",
    on: "auth",
    run: ({ playground: { auth }, excuses, random }) => {
      excuses.note("overtaken");
      const reason = "plugin data size limit exceeded";
      auth.failNext("UpdatePluginData", "INVALID_ARGUMENT", reason, random.int(1, 5));
      return Promise.resolve();
    },
  },
];

const MAIL_FAULTS: readonly Fault[] = [
  outage("mail", ({ playground }) => playground.mail),
  {
    name: "mail server refuses for now",
    on: "mail",
    run: ({ playground: { mail }, random }) => {
      const times = random.int(1, 10);
      if (random.chance(0.5)) mail.failNextMails(451, "4.3.0 try again later", times);
      else mail.failNextDatas(452, "4.3.1 no room", times);
      return Promise.resolve();
    },
  },
  {
    name: "mail server refuses log-ins for now",
    on: "mail",
    run: ({ playground: { mail }, excuses, random }) => {
      excuses.note("no answer");
      mail.failNextAuths(454, "4.7.0 temporary authentication failure", random.int(1, 3));
      mail.breakConnections();
      return Promise.resolve();
    },
  },
  {
    name: "mail server hangs up after the mail",
    on: "mail",
    run: async ({ playground: { mail }, excuses, random, pause }) => {
      const mails = random.int(1, 3);
      const end = excuses.begin("no answer", undefined, mails);
      mail.hangUpAfterData(mails);
      await pause(short(random));
      mail.clearFaults();
      end();
    },
  },
  {
    name: "mail server is slow",
    on: "mail",
    run: async ({ playground: { mail }, random, pause }) => {
      mail.replyDelayMs = random.int(20, 500);
      await pause(short(random));
      mail.replyDelayMs = 0;
    },
  },
];

const IDENTITY_FAULTS: readonly Fault[] = [
  {
    name: "identity is written in two steps",
    on: "identity",
    run: async ({ playground: { hostAuthority }, identity, random, pause }) => {
      const text = identityFileText(await hostAuthority.issue({ ttlMs: 60_000 }));
      await Deno.writeTextFile(identity.path, text.slice(0, random.int(0, text.length - 1)));
      await pause(random.int(50, 3_000));
      await Deno.writeTextFile(identity.path, text);
    },
  },
  {
    name: "identity is missing, or has another's key",
    on: "identity",
    run: async ({ playground: { pki }, identity, random, pause }) => {
      if (random.chance(0.5)) await Deno.remove(identity.path);
      else {
        const [one, other] = [await issueIdentity(pki), await issueIdentity(pki)];
        const text = identityFileText({ ...one, keyPem: other.keyPem });
        await Deno.writeTextFile(identity.path, text);
      }
      await pause(random.int(50, 5_000));
      await identity.renew();
    },
  },
  {
    name: "host authority is rotated",
    on: "identity",
    run: async ({ playground: { auth, hostAuthority }, identity, random, pause }) => {
      for (const phase of ROTATION_PHASES) {
        await hostAuthority.enter(phase);
        await identity.renew();
        if (random.chance(0.5)) auth.breakConnections();
        await pause(random.int(2_000, 5_000));
      }
    },
  },
];

const REPLICA_FAULTS: readonly Fault[] = [
  {
    name: "replica is killed",
    on: "replica",
    run: async ({ excuses }, replica) => {
      const end = excuses.begin("sender died", replica.name);
      await replica.kill();
      end();
    },
  },
  {
    name: "replica is stopped and started",
    on: "replica",
    run: async ({ excuses }, replica) => {
      if (await replica.restart() === "killed") excuses.note("sender died", replica.name);
    },
  },
  {
    name: "replica is told to reload",
    on: "replica",
    run: (_, replica) => Promise.resolve(replica.signal("SIGHUP")),
  },
  {
    name: "replica hangs",
    on: "replica",
    run: async ({ excuses, random, pause }, replica) => {
      const end = excuses.begin("overtaken", replica.name);
      replica.signal("SIGSTOP");
      await pause(long(random));
      replica.signal("SIGCONT");
      end();
    },
  },
  {
    name: "network to the cluster is silent",
    on: "replica",
    run: async ({ excuses, random, pause }, { name, cluster }) => {
      const end = excuses.begin("overtaken", name);
      cluster.silence();
      await pause(long(random));
      cluster.silence(false);
      end();
    },
  },
  {
    name: "network to the cluster loses one direction",
    on: "replica",
    run: async ({ excuses, random, pause }, { name, cluster }) => {
      const end = excuses.begin("overtaken", name);
      cluster.silent[random.pick(["up", "down"])] = true;
      await pause(long(random));
      cluster.silence(false);
      end();
    },
  },
  {
    name: "network to the cluster resets",
    on: "replica",
    run: (_, { cluster }) => Promise.resolve(cluster.resetConnections()),
  },
  {
    name: "network to the cluster resets right after accepting",
    on: "replica",
    run: async ({ excuses, random, pause }, { name, cluster }) => {
      const end = excuses.begin("overtaken", name);
      cluster.resetsOnAccept = true;
      cluster.resetConnections();
      await pause(short(random));
      cluster.resetsOnAccept = false;
      end();
    },
  },
  {
    name: "HTTP client asks and does not read",
    on: "replica",
    run: async ({ random, pause }, { http }) => {
      const [hostname = "", port] = http.split(":");
      using client = await Deno.connect({ hostname, port: Number(port) }).catch(() => undefined);
      const request = new TextEncoder().encode(
        "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200),
      );
      await client?.write(request).catch(() => {});
      await pause(long(random));
    },
  },
  {
    name: "reload hangs",
    on: "replica",
    run: async ({ random, pause }, replica) => {
      const end = await replica.reloadFromPipe();
      await pause(short(random));
      await end();
    },
  },
  {
    name: "network to the mail server is silent",
    on: "replica",
    run: async ({ excuses, random, pause }, { name, mail }) => {
      const end = excuses.begin("no answer", name);
      mail.silence();
      await pause(long(random));
      mail.silence(false);
      end();
    },
  },
  {
    name: "network to the mail server breaks",
    on: "replica",
    run: ({ excuses }, { name, mail }) => {
      excuses.note("no answer", name);
      mail.resetConnections();
      return Promise.resolve();
    },
  },
];

export const FAULTS: readonly Fault[] = [
  ...CLUSTER_FAULTS,
  ...DECEPTIONS,
  ...MAIL_FAULTS,
  ...IDENTITY_FAULTS,
  ...REPLICA_FAULTS,
];
