/** Keeps the connection's certificate valid: detects renewed files and reconnects before it expires. */

import { pause } from "../clock.ts";
import type { Runtime } from "../runtime.ts";
import type { Connection } from "./connection.ts";
import { type CredentialStore, describe } from "./credential_store.ts";
import type { Credentials } from "./credentials.ts";
import { reasonOf } from "../text.ts";

/** The warning about credentials that nothing renews, at start and later. */
export const EXPIRE_SOON =
  "Credentials expire soon and are not renewed automatically: sign new ones with a longer lifetime, or " +
  "let tbot renew the identity file and set refresh_identity";
const MINUTE_MS = 60_000;
/** Remaining lifetimes at which a warning is logged if the credentials have not been renewed. */
const WARNINGS_MS = [60 * MINUTE_MS, 10 * MINUTE_MS];

/** The credentials to renew, the connections that use them, and how changes are detected. */
export interface RenewalDeps extends Pick<Runtime, "clock" | "log"> {
  readonly store: CredentialStore;
  readonly connections: {
    readonly current: Connection | undefined;
    replace(): Promise<Connection>;
  };
  /** Whether to read the files at every interval, and not only when the certificate expires soon. */
  readonly refresh: boolean;
  readonly intervalMs: number;
  /** Resolves when the files may have changed, or never. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
}

/** Renews credentials until `signal` is aborted. Never rejects. */
export async function renewCredentials(deps: RenewalDeps, signal: AbortSignal): Promise<void> {
  const { store, connections, clock, log } = deps;
  const warn = warner(deps);
  let complaint: string | undefined;
  while (!signal.aborted) {
    await waitForChange(deps, signal);
    if (signal.aborted) return;
    const connection = connections.current;
    const isDue = connection !== undefined && isEnding(connection.credentials, clock.now());
    if (!deps.refresh && !isDue) {
      warn(store.last);
      continue;
    }
    try {
      const fresh = await store.read(signal);
      warn(fresh);
      if (isDue && fresh.notAfterMs > connection.credentials.notAfterMs) {
        await connections.replace();
        log.info("Connection moved to the renewed credentials", describe(fresh));
      }
      complaint = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const message = reasonOf(error);
      const say = message === complaint ? log.debug : log.warn;
      say.call(log, "Cannot switch to the renewed credentials yet", { error });
      complaint = message;
    }
  }
}

/** Whether to reconnect: two thirds of the certificate's lifetime have passed. */
export function isEnding({ notBeforeMs, notAfterMs }: Credentials, nowMs: number): boolean {
  return notAfterMs - nowMs < (notAfterMs - notBeforeMs) / 3;
}

async function waitForChange(
  { clock, intervalMs, changed }: RenewalDeps,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const limit = AbortSignal.any([signal, done.signal]);
  await Promise.race([pause(clock, intervalMs, limit), changed(limit)]);
  done.abort();
}

/** Warns about credentials that expire soon, once for each threshold. */
function warner({ clock, log, refresh }: RenewalDeps) {
  let certificate: string | undefined;
  let level = 0;
  return (credentials: Credentials | undefined): void => {
    if (credentials === undefined) return;
    if (credentials.certPem !== certificate) [certificate, level] = [credentials.certPem, 0];
    const leftMs = credentials.notAfterMs - clock.now();
    const reached = WARNINGS_MS.filter((limit) => leftMs < limit).length;
    // Short-lived credentials are renewed more often, so a missing renewal is reported later.
    const lifeMs = credentials.notAfterMs - credentials.notBeforeMs;
    const isShort = lifeMs <= 2 * (WARNINGS_MS[0] ?? 0);
    const isMissed = leftMs <= Math.min(WARNINGS_MS[1] ?? 0, lifeMs / 6);
    if (reached <= level || (refresh && isShort && !isMissed)) return;
    level = reached;
    const left = { "minutes_left": Math.floor(leftMs / MINUTE_MS) };
    const fields = { ...describe(credentials), ...left };
    if (refresh) log.warn("Credentials expire soon and have not been renewed", fields);
    else {
      log.warn(EXPIRE_SOON, fields);
    }
  };
}
