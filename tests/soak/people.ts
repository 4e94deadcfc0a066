/** Those who ask for access, review and decide, for as long as a soak lasts. */

import type { Playground } from "../../sim/playground/playground.ts";
import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import type { Random } from "../simulation/random.ts";
import { dataOf } from "../support.ts";

export const ROLE_TO_RECIPIENTS = {
  dev: ["dev-lead@example.com"],
  "*": ["a@example.com", "b@example.com", "c@example.com"],
} as const;

const ENDS = ["APPROVED", "DENIED", "PROMOTED", "EXPIRED"] as const;

/** One request and what became of it. */
export interface Asked {
  readonly id: string;
  readonly recipients: readonly string[];
  readonly atMs: number;
  /** Everything about it was done when the mails before had been accepted and written down. */
  readonly isPatient: boolean;
  reviews: number;
  end?: typeof ENDS[number];
}

export interface PeopleDeps {
  readonly playground: Playground;
  readonly random: Random;
  readonly pause: (ms: number) => Promise<void>;
}

/** Makes one request and follows it to its end, or leaves it open. */
export async function ask(deps: PeopleDeps, asked: Asked[]): Promise<void> {
  const { playground: { cluster }, random, pause } = deps;
  const role = random.pick(["dev", "dba"]);
  const reviewers = random.chance(0.2) ? ["reviewer@example.com"] : [];
  const request = { user: "alice@example.com", roles: [role], reviewers };
  const isPatient = random.chance(0.7);
  const end = random.chance(0.85) ? random.pick(ENDS) : undefined;
  const reviews = random.int(0, 2);
  const pauses = Array.from({ length: reviews + 1 }, () => random.int(0, 4_000));

  const { Metadata: metadata } = cluster.create({ ...request, reason: "soak" });
  const id = metadata?.Name ?? "";
  const recipients = [...ROLE_TO_RECIPIENTS[role === "dev" ? "dev" : "*"], ...reviewers];
  const entry: Asked = { id, recipients, atMs: Date.now(), isPatient, reviews: 0 };
  asked.push(entry);
  if (isPatient) await settled(deps, entry);
  for (let i = 0; i < reviews; i++) {
    await pause(pauses[i] ?? 0);
    const state = random.pick([RequestState.APPROVED, RequestState.DENIED]);
    cluster.review(id, { author: "bob", state, reason: "seen" });
    entry.reviews++;
  }
  await pause(pauses[reviews] ?? 0);
  if (end === undefined) return;
  // Reviews of a deleted request cannot be composed any more.
  if (isPatient && end === "EXPIRED") await settled(deps, entry);
  entry.end = end;
  if (end === "EXPIRED") cluster.delete(id);
  else if (end === "PROMOTED") cluster.promote(id, { name: "list", title: "List" });
  else cluster.setState(id, RequestState[end], { reason: "decided" });
}

/** Waits until every recipient has got all that is due now, and nothing is owed any more. */
async function settled({ playground, pause }: PeopleDeps, entry: Asked): Promise<void> {
  const isSettled = () => {
    const { owed, reviews_count: count, email_threads: threads } = dataOf(playground, entry.id);
    return owed === undefined && threads !== undefined && Number(count ?? 0) >= entry.reviews;
  };
  while (!isSettled()) await pause(100);
}
