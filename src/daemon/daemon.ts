/**
 * The running program: connects, watches requests and sends mails until it is told to stop. Everything it
 * needs from outside is a parameter, so that tests run it in-process.
 */

import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import { orAborted } from "../abort.ts";
import type { Environment } from "../net/proxy_env.ts";
import type { Systemd } from "../ops/systemd.ts";
import type { Runtime } from "../runtime.ts";
import { assemble } from "./assemble.ts";
import { connect } from "./connect.ts";
import { serveEndpoints } from "./endpoints.ts";
import { reload, type Reloads } from "./reload.ts";
import { prepare, release, type Setup, type SetupDeps } from "./setup.ts";
import { DaemonState } from "./state.ts";

/** What the daemon needs from outside. */
export interface DaemonDeps extends Runtime {
  readonly env: Environment;
  /** Ends the program when the cluster is lost, as the original does on demand. */
  readonly failFast: boolean;
  /** No more work is taken; mails on their way are finished. */
  readonly drain: AbortSignal;
  /** What is still on its way is cut off. */
  readonly kill: AbortSignal;
  readonly reloads: Reloads;
  readonly systemd: Pick<Systemd, "service" | "ready">;
  /** Uncaught errors since the start, for the metrics. */
  readonly uncaught: { readonly count: number };
}

/** How long mails on their way may take to end before the new configuration takes over. */
const RELOAD_GRACE_MS = 30_000;
/**
 * How long a start waits for the first answer of the cluster, in which errors that end the program show.
 * A start that waited for the cluster itself would keep a booting machine waiting with it.
 */
const FIRST_ANSWER_MS = 10_000;
/** What does not react to `kill` within this time is left behind. */
const KILL_MS = 1_000;

/**
 * Runs until `deps.drain` is aborted, with a new configuration from each reload on. Ends a second after
 * `deps.kill` at the latest, whatever hangs.
 *
 * @throws {StartError | ClusterError} for what a restart does not heal: configuration, credentials,
 *   permissions. Everything else is retried for as long as it takes.
 */
export async function runDaemon(config: Config, deps: DaemonDeps): Promise<void> {
  using state = new DaemonState(deps.clock, deps.uncaught);
  deps.systemd.service = state;
  const left = Promise.withResolvers<void>();
  let cancel = () => {};
  const leave = () => cancel = deps.clock.after(KILL_MS, left.resolve);
  if (deps.kill.aborted) leave();
  deps.kill.addEventListener("abort", leave, { once: true });
  try {
    await Promise.race([runRounds(config, deps, state), left.promise]);
  } finally {
    cancel();
    deps.kill.removeEventListener("abort", leave);
  }
}

async function runRounds(config: Config, deps: DaemonDeps, state: DaemonState): Promise<void> {
  const { clock, random, log, env, reloads, drain } = deps;
  const setupDeps: SetupDeps = {
    clock,
    random,
    log,
    env,
    onConnected: ({ method }) => state.connected(method),
    listen: (http, current) => serveEndpoints(http, state, current, { clock, log }),
  };
  const round: RoundDeps = { ...deps, setupDeps, state, lived: { ever: false } };
  // Parts are released in the background: a connection that does not close must not keep mails waiting.
  const releases = new Set<Promise<void>>();
  const releaseSoon = (setup: Setup, kept?: Setup) => {
    const released = release(setup, log, kept).finally(() => releases.delete(released));
    releases.add(released);
  };
  const preparing = prepare(config, undefined, setupDeps, drain);
  let setup: Setup;
  try {
    setup = await orAborted(preparing, drain);
  } catch (error) {
    if (!drain.aborted) throw error;
    // A file or a name lookup hangs; what is made all the same is of no use.
    void preparing.then(releaseSoon, () => {});
    return;
  }
  try {
    for (;;) {
      state.setup = setup;
      const next = await runRound(setup, round, releaseSoon);
      if (next === undefined) return;
      releaseSoon(setup, next);
      setup = next;
      state.isReloaded = true;
      log.info("The new configuration is in use");
      reloads.ended(true);
    }
  } finally {
    releaseSoon(setup);
    await Promise.all(releases);
  }
}

interface RoundDeps extends DaemonDeps {
  readonly setupDeps: SetupDeps;
  readonly state: DaemonState;
  /** Before the cluster has been live, its refusal ends the program. */
  readonly lived: { ever: boolean };
}

/**
 * Serves one setup until the program stops or a reload has prepared the next one, which is returned.
 * What happens between two rounds is in the listing with which the next one begins. A setup that came
 * too late goes to `discard`.
 */
async function runRound(
  setup: Setup,
  deps: RoundDeps,
  discard: (unused: Setup, kept: Setup) => void,
): Promise<Setup | undefined> {
  const endRound = new AbortController();
  const graceOver = new AbortController();
  const drain = AbortSignal.any([deps.drain, endRound.signal]);
  const kill = AbortSignal.any([deps.kill, graceOver.signal]);
  let next: Setup | undefined;
  let cancelGrace = () => {};
  const reloads = async () => {
    while (next === undefined && await deps.reloads.asked(drain)) {
      next = await reload(setup, deps.reloads, deps.setupDeps, drain);
      if (next === undefined) deps.state.isReloaded = false;
    }
    cancelGrace = deps.clock.after(RELOAD_GRACE_MS, () => graceOver.abort());
    endRound.abort();
  };
  const reloading = reloads();
  let isDone = false;
  try {
    await serve(setup, { ...deps, drain, kill });
    isDone = !deps.drain.aborted;
  } finally {
    endRound.abort();
    await reloading;
    cancelGrace();
    if (!isDone && next !== undefined) discard(next, setup);
  }
  return isDone ? next : undefined;
}

/**
 * Works with one setup: connects, assembles the work, and runs it until it is drained. systemd hears that
 * the service has started once the watch is live, the cluster turns out to be unreachable, or
 * {@linkcode FIRST_ANSWER_MS} have passed.
 */
async function serve(setup: Setup, deps: RoundDeps): Promise<void> {
  const { clock, random, log, state, lived, failFast, systemd, drain, kill } = deps;
  const { cluster } = setup;
  using _ = { [Symbol.dispose]: clock.after(FIRST_ANSWER_MS, () => systemd.ready()) };
  drain.addEventListener("abort", () => state.draining(), { once: true });
  state.serving();
  const server = cluster.server ??= await connect(cluster.client, {
    clock,
    random,
    log,
    failFast,
    onSilence: (error) => {
      state.watching(false, error);
      if (error.isTransient && !failFast) systemd.ready();
    },
  }, drain);
  if (server === undefined) return;
  logTransport(setup.config, log);
  await using work = assemble(setup, server, { clock, random, log, observer: state, drain, kill });
  state.work = work;
  await work.run({
    failFast,
    wasLive: lived.ever,
    onLive: (live, failure) => {
      state.watching(live, failure);
      if (live && !lived.ever) log.info("Plugin is ready");
      lived.ever ||= live;
      if (live || !failFast) systemd.ready();
    },
  });
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
