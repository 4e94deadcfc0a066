/**
 * When owners of an access list are reminded of its review, as Teleport's chat plugins do: from the start
 * of the list's notifications on every week, and every day once the review is due.
 */

import type { AccessList } from "../teleport/access_list.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Teleport's own default. */
const DEFAULT_START_MS = 2 * WEEK_MS;

/**
 * The last reminder that is due at `nowMs`, as a time in milliseconds since 1970 that follows from the list
 * alone; undefined when there is none, or the review has been done.
 */
export function lastStepMs(
  { nextAuditMs, remindBeforeMs = DEFAULT_START_MS }: Pick<
    AccessList,
    "nextAuditMs" | "remindBeforeMs"
  >,
  nowMs: number,
): number | undefined {
  if (nextAuditMs === undefined) return undefined;
  const startMs = nextAuditMs - Math.max(0, remindBeforeMs);
  if (nowMs < startMs) return undefined;
  return nowMs < nextAuditMs ? lastOf(startMs, WEEK_MS, nowMs) : lastOf(nextAuditMs, DAY_MS, nowMs);
}

function lastOf(firstMs: number, everyMs: number, nowMs: number): number {
  return firstMs + Math.floor((nowMs - firstMs) / everyMs) * everyMs;
}
