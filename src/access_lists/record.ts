/**
 * What the program remembers of the reminders about an access list, in the list's plugin data: the last
 * step that was planned, the owners who are still to be reminded, and the replica that does it.
 */

import * as v from "valibot";
import { defined } from "../optional.ts";

/** The stored entry: key to value. An absent key and "" are the same. */
export type RawListRecord = Readonly<Record<string, string>>;

/** The lease of the replica that sends. */
export interface ListOwner {
  readonly instance: string;
  readonly untilMs: number;
}

/** The reminders about one list. */
export interface ListRecord {
  /** The last step that was planned; absent before the first. */
  readonly remindedMs?: number;
  /** Addresses of owners who have not been mailed about it yet. */
  readonly owed: readonly string[];
  readonly owner?: ListOwner;
}

/** Every key that we write. Each goes into every compare-and-set, "" where absent. */
const KEYS = ["reminded", "owed", "owner"] as const;

/** Longer than a round takes to send; nothing renews it. */
export const LEASE_MS = 10 * 60_000;
/** Clocks of replicas differ: another replica's lease counts as expired this much after its end. */
const GRACE_MS = 5_000;
/** No mail leaves in the last moments of a lease. */
const MARGIN_MS = 60_000;

const Owed = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, NEVER, addIssue }) => {
    try {
      return JSON.parse(dataset.value) as unknown;
    } catch {
      addIssue({ message: "not JSON" });
      return NEVER;
    }
  }),
  v.array(v.string()),
);

/** Reads an entry; what is not understood counts as absent. */
export function decodeListRecord(raw: RawListRecord): ListRecord {
  const owed = v.safeParse(Owed, raw["owed"] ?? "[]");
  return {
    owed: owed.success ? owed.output : [],
    ...defined({ remindedMs: timeIn(raw["reminded"]), owner: ownerIn(raw["owner"]) }),
  };
}

/** Writes an entry; every key is there, "" where it is to be absent. */
export function encodeListRecord({ remindedMs, owed, owner }: ListRecord): RawListRecord {
  return {
    reminded: remindedMs === undefined ? "" : new Date(remindedMs).toISOString(),
    owed: owed.length === 0 ? "" : JSON.stringify(owed),
    owner: owner === undefined ? "" : `${owner.instance} ${new Date(owner.untilMs).toISOString()}`,
  };
}

/** What a compare-and-set must find so that nothing has changed since `raw` was read. */
export function expectationOf(raw: RawListRecord): RawListRecord {
  return Object.fromEntries(KEYS.map((key) => [key, raw[key] ?? ""]));
}

/** Whether another replica is sending. A lease that no replica takes is one of a wrong clock. */
export function isLeasedToOther(
  { owner }: ListRecord,
  instance: string,
  nowMs: number,
): boolean {
  if (owner === undefined || owner.instance === instance) return false;
  return nowMs < owner.untilMs + GRACE_MS && owner.untilMs <= nowMs + LEASE_MS + GRACE_MS;
}

/** Whether the replica with the lease may still send. */
export function maySend({ owner }: ListRecord, nowMs: number): boolean {
  return owner !== undefined && nowMs < owner.untilMs - MARGIN_MS &&
    owner.untilMs <= nowMs + LEASE_MS + GRACE_MS;
}

function timeIn(text = ""): number | undefined {
  const timeMs = Date.parse(text);
  return Number.isFinite(timeMs) ? timeMs : undefined;
}

function ownerIn(text = ""): ListOwner | undefined {
  const [instance, until, ...rest] = text.split(" ");
  const untilMs = timeIn(until);
  return instance && rest.length === 0 && untilMs !== undefined ? { instance, untilMs } : undefined;
}
