/**
 * What the program remembers of the reminders about an access list, in the list's plugin data: the last
 * step that was planned, the owners who are still to be reminded, and the replica that does it.
 */

import * as v from "valibot";
import { defined } from "../optional.ts";
import { type Owner, parseOwner, writeOwner } from "../requests/record/record.ts";

/** The stored entry: key to value. An absent key and "" are the same. */
export type RawListRecord = Readonly<Record<string, string>>;

/** The reminders about one list. */
export interface ListRecord {
  /** The last step that was planned; absent before the first. */
  readonly remindedMs?: number;
  /** Addresses of owners who have not been mailed about it yet. */
  readonly owed: readonly string[];
  /** The lease of the replica that sends. */
  readonly owner?: Owner;
}

/** Every key that we write. Each goes into every compare-and-set, "" where absent. */
const KEYS = ["reminded", "owed", "owner"] as const;

/** Longer than a round takes to send; nothing renews it. */
export const LEASE_MS = 10 * 60_000;

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
    ...defined({ remindedMs: timeIn(raw["reminded"]), owner: parseOwner(raw["owner"] ?? "") }),
  };
}

/** Writes an entry; every key is there, "" where it is to be absent. */
export function encodeListRecord({ remindedMs, owed, owner }: ListRecord): RawListRecord {
  return {
    reminded: remindedMs === undefined ? "" : new Date(remindedMs).toISOString(),
    owed: owed.length === 0 ? "" : JSON.stringify(owed),
    owner: owner === undefined ? "" : writeOwner(owner),
  };
}

/** What a compare-and-set must find so that nothing has changed since `raw` was read. */
export function expectationOf(raw: RawListRecord): RawListRecord {
  return Object.fromEntries(KEYS.map((key) => [key, raw[key] ?? ""]));
}

function timeIn(text = ""): number | undefined {
  const timeMs = Date.parse(text);
  return Number.isFinite(timeMs) ? timeMs : undefined;
}
