/** Which replica sends the owed mails of a request (docs/internals/delivery.md). */

import type { Owner, PluginRecord } from "./record.ts";

/** Long enough for a few renewals to fail, short enough to wait for after a crash. */
export const LEASE_MS = 20_000;
/** Clocks of replicas differ: another replica's lease counts as expired this much after its end. */
export const LEASE_GRACE_MS = 5_000;
/** Nothing is sent in the last moments of a lease: a mail takes time to leave. */
const LEASE_MARGIN_MS = 1_000;

/** Whether `instance` may send now; replicas take leases of `leaseMs`. */
export function holdsLease(
  owner: Owner | undefined,
  instance: string,
  nowMs: number,
  leaseMs = LEASE_MS,
): boolean {
  return owner?.instance === instance && nowMs < owner.untilMs - LEASE_MARGIN_MS &&
    !isImpossible(owner, nowMs, leaseMs);
}

/** When another replica's lease will be over; undefined when there is none to wait for. */
export function foreignLeaseEndMs(
  owner: Owner | undefined,
  instance: string,
  nowMs: number,
  leaseMs = LEASE_MS,
): number | undefined {
  if (owner === undefined || owner.instance === instance) return undefined;
  const endMs = owner.untilMs + LEASE_GRACE_MS;
  return nowMs >= endMs || isImpossible(owner, nowMs, leaseMs) ? undefined : endMs;
}

/** No replica takes a lease this long: it was written by hand, or by a clock that is or was far off. */
function isImpossible({ untilMs }: Owner, nowMs: number, leaseMs: number): boolean {
  return untilMs > nowMs + leaseMs + LEASE_GRACE_MS;
}

/** The record with a fresh lease, or with none when nothing is owed or `instance` is undefined. */
export function withLease(
  record: PluginRecord,
  instance: string | undefined,
  nowMs: number,
): PluginRecord {
  const { owner: _, ...rest } = record;
  if (instance === undefined || record.owed.length === 0) return rest;
  return { ...rest, owner: { instance, untilMs: nowMs + LEASE_MS } };
}
