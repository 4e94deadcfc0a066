/**
 * The daemon: connects, watches requests and sends mails until it is stopped. Its environment is passed in
 * as parameters, so that tests can run it in-process.
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

/** The daemon's environment. */
export interface DaemonDeps extends Runtime {
  readonly env: Environment;
  /** Exits when the connection to the cluster is lost, an option of the original. */
  readonly failFast: boolean;
  /** Aborts to shut down gracefully: mails in flight finish, no new work starts. */
  readonly drain: AbortSignal;
  /** Aborts to shut down at once: mails in flight are cut off. */
  readonly kill: AbortSignal;
  readonly reloads: Reloads;
  readonly systemd: Pick<Systemd, "service" | "ready">;
  /** Uncaught errors since the start, for the metrics. */
  readonly uncaught: { readonly count: number };
}

/** Time limit for mails in flight before a new configuration takes over. */
const RELOAD_GRACE_MS = 30_000;
/**
 * How long start-up waits for the cluster's first answer, which reveals fatal errors. Waiting longer would
 * block the boot of a machine whose cluster is unreachable.
 */
const FIRST_ANSWER_MS = 10_000;
/** Tasks that do not react to `kill` within this time are abandoned. */
const KILL_MS = 1_000;

/**
 * Runs until `deps.drain` is aborted; each reload replaces the configuration. Ends at most a second after
 * `deps.kill` is aborted, even if a task hangs. Returns how many emails are pending, in the outbox.
 *
 * @throws {StartError | ClusterError} for errors that a restart cannot fix: configuration, credentials,
 *   permissions. All other errors are retried without limit.
 */
export async function runDaemon(config: Config, deps: DaemonDeps): Promise<number> {
  using state = new DaemonState(deps.clock, deps.uncaught);
  deps.systemd.service = state;
  const left = Promise.withResolvers<void>();
  let cancel = () => {};
  const leave = () => cancel = deps.clock.after(KILL_MS, left.resolve);
  if (deps.kill.aborted) leave();
  deps.kill.addEventListener("abort", leave, { once: true });
  try {
    await Promise.race([runRounds(config, deps, state), left.promise]);
    return state.pendingEmails;
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
    // A file or a name lookup hangs; its late result is discarded.
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
  /** Until the watch has succeeded once, a refusal by the cluster is fatal. */
  readonly lived: { ever: boolean };
}

/**
 * Runs one setup until shutdown, or until a reload has prepared the next one, which is returned. The next
 * round begins with a listing, so it sees events that happen in between. A setup that is ready too late
 * goes to `discard`.
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
 * Connects, assembles the work of one setup, and runs it until it is drained. Reports READY=1 to systemd
 * when the watch is live, when the cluster proves unreachable, or after {@linkcode FIRST_ANSWER_MS}.
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
