/** The whole core of the program on a simulated machine: feed, reconciler, outbox, breaker, mailer. */

import { TEMPLATE_FILES, type Templates } from "../../src/mail/content/templates.ts";
import type { MailMessage, Receipt } from "../../src/mail/transport.ts";
import { DEFAULT_LOOK } from "../../src/mail/content/scope.ts";
import { ComposingMailer } from "../../src/requests/delivery/composing_mailer.ts";
import { ResourceNames } from "../../src/requests/delivery/resource_names.ts";
import { defined } from "../../src/optional.ts";
import { listAndWatch } from "../../src/requests/list_watch.ts";
import { CircuitBreaker } from "../../src/requests/delivery/circuit_breaker.ts";
import type { Mailer, MailJob } from "../../src/requests/delivery/mailer.ts";
import type { Cluster } from "../../src/requests/ports.ts";
import { unobserved } from "../../src/requests/observer.ts";
import type { ReconcilerPolicy } from "../../src/requests/reconcile.ts";
import { Reconciler } from "../../src/requests/reconciler.ts";
import type { Requesters } from "../../src/requests/requester_address.ts";
import { FairSemaphore } from "../../src/requests/delivery/fair_semaphore.ts";
import type { LookupCluster } from "../../src/routing/lookups.ts";
import type { RoutingPolicy } from "../../src/routing/policy.ts";
import { RuleRouter } from "../../src/routing/rule_router.ts";
import { type RuleCluster, RuleStore } from "../../src/routing/rules/rule_store.ts";
import { fakeLog } from "../../src/testing/fake_log.ts";
import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";
import type { Sabotage } from "./sabotage.ts";

/** What leaves the machine. */
export interface Exits {
  readonly cluster: Cluster & RuleCluster & LookupCluster;
  readonly verify: (signal: AbortSignal) => Promise<Receipt>;
  readonly send: (
    job: MailJob,
    message: MailMessage,
    signal: AbortSignal,
    mayStart: () => boolean,
  ) => Promise<Receipt>;
}

export interface ReplicaOptions {
  readonly policy: ReconcilerPolicy;
  readonly routing: RoutingPolicy;
  /** Present if requesters are mailed, too. */
  readonly requesters?: Requesters;
  readonly semaphore: number;
  /** Mails per second; undefined = no limit. */
  readonly perSecond: number | undefined;
  readonly random: Random;
  readonly sabotage: Sabotage;
}

export interface Replica {
  readonly machine: Machine;
  /** Ends it as a signal does; `kill` ends it when the time to stop is up. */
  stop(): Promise<void>;
  kill(): void;
}

export function startReplica(machine: Machine, exits: Exits, options: ReplicaOptions): Replica {
  const { clock } = machine;
  const { policy, sabotage } = options;
  const instance = machine.name;
  const random = options.random.next;
  const log = fakeLog();
  const [drain, kill] = [new AbortController(), new AbortController()];
  const cluster = sabotage.cluster?.(exits.cluster, instance) ?? exits.cluster;
  const store = new RuleStore({ cluster: exits.cluster, log });
  const rules = sabotage.rules?.(store) ?? store;
  const router = new RuleRouter(options.routing, { clock, rules, cluster: exits.cluster });
  const breaker = new CircuitBreaker(exits, {
    clock,
    random,
    log,
    onResume: () => reconciler.resumeParked(),
    drain: drain.signal,
  });
  const honest = mailerOf(exits, machine);
  const reconciler: Reconciler = new Reconciler({
    cluster,
    router: sabotage.router?.(router) ?? router,
    mailer: sabotage.mailer?.(honest, exits.cluster) ?? honest,
    semaphore: new FairSemaphore(options.semaphore, options.perSecond, clock),
    breaker,
    observer: unobserved,
    instance,
    policy,
    ...defined({ requesters: options.requesters }),
    clock,
    random,
    log,
    drain: drain.signal,
    kill: kill.signal,
  });
  const check = breaker.check();
  const onLive = (live: boolean) => machine.say(() => live ? "is live" : "is not live");
  const following = listAndWatch(
    { cluster, target: reconciler, rules, clock, random, log, onLive },
    drain.signal,
  );
  return {
    machine,
    kill: () => kill.abort(),
    stop: async () => {
      drain.abort();
      await following;
      await reconciler.drain();
      await check;
    },
  };
}

/** The real mailer, for its message ids and threads; the words do not matter here. */
function mailerOf(exits: Exits, { clock }: Machine): Mailer {
  const send = (job: MailJob, signal: AbortSignal, mayStart = () => true) =>
    new ComposingMailer({
      transport: { send: (message) => exits.send(job, message, signal, mayStart) },
      templates: WORDLESS,
      from: { address: "teleport@example.com" },
      domain: "example.com",
      look: { ...DEFAULT_LOOK, html: false },
      resources: new ResourceNames({
        clock,
        log: fakeLog(),
        clusterName: "x.org",
        lister: { listResources: () => Promise.resolve([]) },
      }),
      clusterName: "example.com",
      link: () => undefined,
      clock,
      log: fakeLog(),
    }).send(job, signal);
  return { send };
}

const WORDLESS: Templates = {
  builtin: Object.fromEntries(
    TEMPLATE_FILES.map((file) => [file, { render: () => ({ ok: true, output: "words" }) }]),
  ) as unknown as Templates["builtin"],
  overrides: {},
};
