/** The composition root: the objects that work on access requests with one setup. */

import { reminderMessage } from "../access_lists/message.ts";
import { AccessListReviews, type ReminderObserver } from "../access_lists/reviews.ts";
import { ComposingMailer } from "../requests/delivery/composing_mailer.ts";
import { ResourceNames } from "../requests/delivery/resource_names.ts";
import { CircuitBreaker } from "../requests/delivery/circuit_breaker.ts";
import { FairSemaphore } from "../requests/delivery/fair_semaphore.ts";
import type { PaceChange } from "../requests/delivery/pace.ts";
import { listAndWatch, type ListWatchDeps } from "../requests/list_watch.ts";
import type { Observer } from "../requests/observer.ts";
import { Reconciler } from "../requests/reconciler.ts";
import type { ReminderPolicy } from "../requests/reminders.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import { defined } from "../optional.ts";
import { RuleRouter } from "../routing/rule_router.ts";
import { RuleStore } from "../routing/rules/rule_store.ts";
import type { Runtime } from "../runtime.ts";
import type { ServerInfo } from "../teleport/client.ts";
import { accessListLinks, requestLinks } from "./request_links.ts";
import { requestersOf, routingPolicyOf, userAddressesOf } from "./routing_policy.ts";
import type { Setup } from "./setup.ts";

/** The dependencies of the work, other than the setup. */
export interface AssembleDeps extends Runtime {
  readonly observer: Observer & ReminderObserver;
  /** Aborts to stop sending: mails in flight finish, leases are released. */
  readonly drain: AbortSignal;
  /** Aborts to cut off mails in flight. */
  readonly kill: AbortSignal;
}

/** The work on access requests. Disposal drains it and waits for mails in flight. */
export interface Work extends AsyncDisposable {
  readonly reconciler: Reconciler;
  readonly breaker: CircuitBreaker;
  readonly semaphore: FairSemaphore;
  /**
   * Lists, watches and reconciles requests until `drain` is aborted.
   *
   * @throws {ClusterError} as {@linkcode listAndWatch}
   */
  run(options: Pick<ListWatchDeps, "failFast" | "wasLive" | "onLive">): Promise<void>;
}

/**
 * Creates the objects. Only the first check of the mail transport starts here.
 *
 * @throws {StartError} when the proxy's public address cannot be used in links to requests
 */
export function assemble(setup: Setup, server: ServerInfo, deps: AssembleDeps): Work {
  const { clock, random, log, observer, kill } = deps;
  const { config: { delivery }, cluster: { client }, transport, templates, domain } = setup;
  const { sender: from, replyTo, catchUpMs, retryForMs, settleForMs } = delivery;
  const { html, details, actions, timeZone } = delivery;
  const endWork = new AbortController();
  const drain = AbortSignal.any([deps.drain, endWork.signal]);
  const { maxConnections, maxMessagesPerSecond } = transport;
  const semaphore = new FairSemaphore(
    maxConnections,
    maxMessagesPerSecond,
    clock,
    (change) => logPace(change, log),
  );
  const breaker = new CircuitBreaker(transport, {
    clock,
    random,
    log,
    onResume: () => reconciler.resumeParked(),
    drain,
  });
  const composing = {
    clock,
    log,
    templates,
    from,
    domain,
    ...defined({ replyTo }),
    look: { html, details, actions, timeZone },
    clusterName: server.clusterName,
  };
  const mailer = new ComposingMailer({
    ...composing,
    transport,
    resources: new ResourceNames({ clock, log, lister: client, clusterName: server.clusterName }),
    link: requestLinks(server),
  });
  const rules = new RuleStore({ cluster: client, log });
  const routing = routingPolicyOf(setup.config);
  const requesters = requestersOf(setup.config, client, { clock, log });
  const users = userAddressesOf(setup.config, client, { clock, log });
  const instance = crypto.randomUUID();
  const reconciler: Reconciler = new Reconciler({
    clock,
    random,
    log,
    cluster: client,
    mailer,
    semaphore,
    breaker,
    observer,
    instance,
    router: new RuleRouter(routing, { clock, cluster: client, rules, ...defined({ requesters }) }),
    ...defined({ requesters }),
    reviewers: users,
    policy: {
      catchUpMs,
      retryForMs,
      settleForMs,
      ...defined({ reminders: reminderPolicyOf(delivery) }),
    },
    drain,
    kill,
  });
  const listLinks = accessListLinks(server);
  const reviews = setup.config.accessLists.remind
    ? new AccessListReviews({
      clock,
      random,
      log,
      cluster: client,
      addressOf: (user, about, signal) => users.addressOf(user, about, signal),
      compose: (to, lists) => reminderMessage(to, lists, { ...composing, link: listLinks }),
      transport,
      semaphore,
      breaker,
      observer,
      instance,
      drain,
      kill,
    })
    : undefined;
  let reminding: Promise<void> | undefined;
  const check = breaker.check();
  return {
    reconciler,
    breaker,
    semaphore,
    run: (options) => {
      const onLive: typeof options.onLive = (live, failure) => {
        if (live) reminding ??= reviews?.run();
        options.onLive(live, failure);
      };
      return listAndWatch(
        { clock, random, log, cluster: client, target: reconciler, rules, ...options, onLive },
        drain,
      );
    },
    [Symbol.asyncDispose]: async () => {
      endWork.abort();
      await reconciler.drain();
      await reminding;
      semaphore.close();
      await check;
    },
  };
}

/** What is due by time; undefined where nothing is. */
function reminderPolicyOf({
  notifyRequester,
  remindAfterMs,
  warnBeforeAccessEndsMs,
}: Config["delivery"]): ReminderPolicy | undefined {
  const isWarned = notifyRequester && warnBeforeAccessEndsMs !== undefined;
  if (remindAfterMs.length === 0 && !isWarned) return undefined;
  return { remindAfterMs, ...isWarned && { warnBeforeAccessEndsMs } };
}

function logPace({ isLowered, connections, perSecond, error }: PaceChange, log: Log): void {
  const fields = { connections, ...perSecond === undefined ? {} : { per_second: perSecond } };
  if (isLowered) {
    log.warn("Mail service limits sending, mails go slower for a while", { ...fields, error });
  } else log.info("Mails go at the configured pace again", fields);
}
