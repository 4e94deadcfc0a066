/**
 * The running program: connects, follows requests, sends mails, until it is told to stop. Everything it
 * needs from outside comes in, so that tests run it in-process.
 */

import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import type { Environment } from "../net/proxy_env.ts";
import type { Systemd } from "../ops/systemd.ts";
import { ComposingMailer } from "../requests/delivery/composing_mailer.ts";
import { listAndWatch } from "../requests/list_watch.ts";
import { CircuitBreaker } from "../requests/delivery/circuit_breaker.ts";
import { Reconciler } from "../requests/reconciler.ts";
import { FairSemaphore } from "../requests/delivery/fair_semaphore.ts";
import type { ClusterDeps } from "./cluster.ts";
import { connect } from "./connect.ts";
import { DaemonState } from "./state.ts";
import { recipientRules } from "./recipient_rules.ts";
import { reload, type Reloads } from "./reload.ts";
import { requestLinks } from "./request_links.ts";
import { prepare, release, type Setup } from "./setup.ts";

export interface DaemonDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  readonly env: Environment;
  /** Ends the program when the cluster is lost, as the original does on demand. */
  readonly failFast: boolean;
  /** No more work is taken; mails on their way are finished. */
  readonly stop: AbortSignal;
  /** What is still on its way is cut off. */
  readonly kill: AbortSignal;
  readonly reloads: Reloads;
  readonly systemd: Pick<Systemd, "service" | "ready">;
}

/** How long mails on their way may take to end before the new configuration takes over. */
const RELOAD_GRACE_MS = 30_000;

/**
 * Runs until `deps.stop` is aborted, with a new configuration from each reload on.
 *
 * @throws {StartError | ClusterError} for what a restart does not heal: configuration, credentials,
 *   permissions. Everything else is retried for as long as it takes.
 */
export async function runDaemon(config: Config, deps: DaemonDeps): Promise<void> {
  using state = new DaemonState(deps.clock);
  const onConnected: ClusterDeps["onConnected"] = ({ way }) => state.connected(way);
  const all: AllDeps = { ...deps, state, onConnected, lived: { ever: false } };
  deps.systemd.service = state;
  let setup = await prepare(config, undefined, all);
  state.setup = setup;
  try {
    for (;;) {
      const next = await runRound(setup, all);
      if (next === undefined) return;
      await release(setup, next);
      state.setup = setup = next;
      state.isReloaded = true;
      deps.log.info("The new configuration is in use");
      deps.reloads.ended(true);
    }
  } finally {
    await release(setup);
  }
}

/**
 * Serves one setup until the program stops or a reload has prepared the next one, which is returned.
 * What happens between two rounds is in the listing with which the next one begins.
 */
async function runRound(setup: Setup, deps: AllDeps): Promise<Setup | undefined> {
  const over = new AbortController();
  const late = new AbortController();
  const stop = AbortSignal.any([deps.stop, over.signal]);
  const kill = AbortSignal.any([deps.kill, late.signal]);
  let next: Setup | undefined;
  let cancelLate = () => {};
  const reloads = async () => {
    while (next === undefined && await deps.reloads.asked(stop)) {
      next = await reload(setup, { ...deps, stop });
    }
    cancelLate = deps.clock.after(RELOAD_GRACE_MS, () => late.abort());
    over.abort();
  };
  const reloading = reloads();
  let isDone = false;
  try {
    await serve(setup, { ...deps, stop, kill });
    isDone = true;
  } finally {
    over.abort();
    await reloading;
    cancelLate();
    if (!isDone && next !== undefined) await release(next, setup);
  }
  return next;
}

function logTransport({ mail }: Config, log: Log): void {
  if (mail.kind === "mailgun") {
    log.info("Using Mailgun as email transport", { domain: mail.domain, base_url: mail.baseUrl });
    return;
  }
  const { host, port, auth } = mail;
  const username = auth === undefined ? {} : { username: auth.username };
  log.info("Using SMTP as email transport", { host, port, ...username });
}

interface AllDeps extends DaemonDeps {
  readonly state: DaemonState;
  readonly onConnected: NonNullable<ClusterDeps["onConnected"]>;
  /** Before the cluster has been live, its refusal ends the program. */
  readonly lived: { ever: boolean };
}

async function serve(setup: Setup, deps: AllDeps): Promise<void> {
  const { config: { delivery }, templates, domain } = setup;
  const cluster = setup.cluster.value;
  const transport = setup.transport.value;
  const { state } = deps;
  const server = cluster.server ??= await connect(cluster.client, {
    ...deps,
    onSilence: (error) => state.watching(false, error),
  });
  if (server === undefined) return;
  logTransport(setup.config, deps.log);
  const { client } = cluster;
  const { lived } = deps;
  const { clock, log, random, kill } = deps;
  // Ends with the program, and also when the watch is refused for good.
  const ended = new AbortController();
  const stop = AbortSignal.any([deps.stop, ended.signal]);
  const semaphore = new FairSemaphore(
    transport.maxConnections,
    transport.maxMessagesPerSecond,
    clock,
  );
  const breaker = new CircuitBreaker(transport, {
    clock,
    random,
    log,
    onResume: () => reconciler.resumeParked(),
    signal: stop,
  });
  const { sender: from, replyTo, html, catchUpMs, retryForMs, notifyRequester } = delivery;
  const mailer = new ComposingMailer({
    transport,
    templates,
    from,
    domain,
    ...(replyTo === undefined ? {} : { replyTo }),
    html,
    clusterName: server.clusterName,
    link: requestLinks(server),
    clock,
    log,
  });
  const reconciler: Reconciler = new Reconciler({
    cluster: client,
    mailer,
    semaphore,
    breaker,
    observer: state,
    instance: crypto.randomUUID(),
    policy: {
      ...recipientRules(setup.config),
      catchUpMs,
      retryForMs,
      notifyRequester,
    },
    clock,
    random,
    log,
    stopping: stop,
    kill,
  });
  state.work = { reconciler, breaker, semaphore };
  const check = breaker.check();
  try {
    await listAndWatch({
      cluster: client,
      target: reconciler,
      clock,
      random,
      log,
      failFast: deps.failFast,
      wasLive: lived.ever,
      onLive: (live, failure) => {
        state.watching(live, failure);
        if (!live) return;
        if (!lived.ever) log.info("Plugin is ready");
        lived.ever = true;
        deps.systemd.ready();
      },
    }, stop);
  } finally {
    ended.abort();
    state.resting();
    await reconciler.stop();
    semaphore.close();
    await check;
  }
}
