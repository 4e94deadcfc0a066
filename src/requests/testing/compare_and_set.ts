/**
 * Teleport's rules for writing our entry of plugin data (teleport-protocol.md §5.3), for fake
 * clusters.
 */

import type { RawRecord } from "../record/record.ts";

/**
 * The entry after setting the keys of `set` ("" deletes), or `conflict` when a key of `expect` does not
 * hold. An absent key and "" are the same, and an empty `expect` compares nothing.
 */
export function compareAndSet(
  raw: RawRecord,
  set: RawRecord,
  expect: RawRecord,
): RawRecord | "conflict" {
  if (Object.entries(expect).some(([key, value]) => (raw[key] ?? "") !== value)) {
    return "conflict";
  }
  const next = Object.entries({ ...raw, ...set }).filter(([, value]) => value !== "");
  return Object.fromEntries(next);
}
