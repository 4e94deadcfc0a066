/** One instance of the program's core on fakes. */

import type { Receipt } from "../../mail/transport.ts";
import { CircuitBreaker } from "../delivery/circuit_breaker.ts";
import type { Mailer } from "../delivery/mailer.ts";
import { type Observer, unobserved } from "../observer.ts";
import type { ReconcilerPolicy } from "../reconcile.ts";
import { Reconciler } from "../reconciler.ts";
import { FairSemaphore } from "../delivery/fair_semaphore.ts";
import { roleRouter } from "../../routing/testing/role_router.ts";
import type { Requesters } from "../requester_address.ts";
import type { Router } from "../../routing/router.ts";
import type { FakeCluster } from "./fake_cluster.ts";
import { FakeMailer } from "./fake_mailer.ts";
import { defined } from "../../optional.ts";
import { type FakeClock } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";

export interface Replica {
  readonly reconciler: Reconciler;
  readonly mailer: FakeMailer;
  readonly breaker: CircuitBreaker;
  readonly semaphore: FairSemaphore;
  readonly log: ReturnType<typeof fakeLog>;
  /** What the transport answers when it is asked to connect. */
  verify: () => Receipt;
  drain: AbortController;
  kill: AbortController;
}

export function startReplica(
  cluster: FakeCluster,
  clock: FakeClock,
  options: {
    readonly instance?: string;
    readonly policy?: Partial<ReconcilerPolicy>;
    readonly roleToRecipients?: ReadonlyMap<string, readonly string[]>;
    /** Routes in place of the role map. */
    readonly router?: Router;
    readonly semaphore?: number;
    readonly random?: () => number;
    /** Sends in place of the fake. */
    readonly mailer?: Mailer;
    readonly observer?: Observer;
    /** Mails requesters, too. */
    readonly requesters?: Requesters;
    /** Knows the addresses of reviewers. */
    readonly reviewers?: Requesters;
  } = {},
): Replica {
  const log = fakeLog();
  const mailer = new FakeMailer();
  const drain = new AbortController();
  const kill = new AbortController();
  const random = options.random ?? (() => 0.5);
  const isAddress = (text: string) => text.includes("@");
  const replica = {
    verify: (): Receipt => ({ ok: true, messageId: "", response: "250 ok" }),
  };
  const breaker = new CircuitBreaker({ verify: () => Promise.resolve(replica.verify()) }, {
    clock,
    random,
    log,
    onResume: () => reconciler.resumeParked(),
    drain: drain.signal,
  });
  const semaphore = new FairSemaphore(options.semaphore ?? 10, undefined, clock);
  const reconciler: Reconciler = new Reconciler({
    cluster,
    router: options.router ?? roleRouter({
      roleToRecipients: options.roleToRecipients ??
        new Map([["*", ["a@x.org", "b@x.org", "c@x.org"]]]),
      isAddress,
    }, { clock }),
    mailer: options.mailer ?? mailer,
    semaphore,
    breaker,
    observer: options.observer ?? unobserved,
    ...defined({ requesters: options.requesters, reviewers: options.reviewers }),
    instance: options.instance ?? "one",
    policy: {
      catchUpMs: 86_400_000,
      retryForMs: 86_400_000,
      ...options.policy,
    },
    clock,
    random,
    log,
    drain: drain.signal,
    kill: kill.signal,
  });
  return Object.assign(replica, { reconciler, mailer, breaker, semaphore, log, drain, kill });
}
