/**
 * The promise of docs/internals/delivery.md under thousands of random schedules: whole replicas on a simulated
 * cluster, mail server and clock, with crashes, hangs and lost answers at every call.
 *
 *     SIMULATION_COUNT=50000   runs so many schedules
 *     SIMULATION_SEED=4107     runs one alone, and prints it step by step
 */

import assert from "node:assert/strict";
import { FATES } from "./simulation/line.ts";
import {
  BELIEVE_LISTINGS,
  DO_NOT_WAIT_FOR_RULES,
  DROP_OWED_ON_CONFLICT,
  FORGET_FOLLOW_UPS,
  FORGET_REMINDERS,
  FORGET_THE_LATE_CHECK,
  FORGET_THE_LEASE,
  IGNORE_KINDS_OF_EMAIL,
  IGNORE_REFUSED_WRITES,
  LIST_RULES_ONCE,
  NEVER_REOPEN,
  REMIND_BLINDLY,
  type Sabotage,
  SETTLE_BEFORE_SEND,
} from "./simulation/sabotage.ts";
import { type Outcome, simulate } from "./simulation/simulate.ts";

const COUNT = Number(Deno.env.get("SIMULATION_COUNT") ?? 2_000);
const SEED = Deno.env.get("SIMULATION_SEED");

/** What has to happen now and then, or the schedules test nothing. */
const EXPECTED = [
  ...FATES,
  "crash",
  "repeated",
  "no answer",
  "sender crashed",
  "sender was cut off",
  "lease was overtaken",
  "listings were narrowed",
  "caches lagged",
  "writes were refused",
  "write was refused",
  "false ends",
  "rules were changed",
  "reminder",
  "requester-access-ending",
];

function describe({ seed, wrong, trace }: Outcome): string {
  return [
    `Schedule ${seed} breaks the promise:`,
    ...wrong.map((line) => `  ${line}`),
    `Run it alone with SIMULATION_SEED=${seed}. Its steps, in seconds:`,
    ...trace,
  ].join("\n");
}

async function assertKept(seed: number): Promise<Outcome> {
  const outcome = await simulate(seed);
  // Seeds repeat exactly, so the steps are only written down for those that somebody has to read.
  if (outcome.wrong.length > 0) assert.fail(describe(await simulate(seed, { trace: true })));
  return outcome;
}

Deno.test({
  name: "Every mail arrives, in order, and none twice without an excuse, whatever fails",
  ignore: SEED !== undefined,
  fn: async () => {
    const counts = new Map<string, number>();
    for (let seed = 1; seed <= COUNT; seed++) {
      const outcome = await assertKept(seed);
      for (
        const [what, count] of [...outcome.counts, [outcome.calm ? "calm" : "stormy", 1]] as const
      ) {
        counts.set(what, (counts.get(what) ?? 0) + count);
      }
    }
    const missing = [...EXPECTED, "calm", "stormy"].filter((what) => !counts.has(what));
    assert.deepEqual(missing, []);
  },
});

Deno.test({
  name: "The schedule of SIMULATION_SEED keeps the promise",
  ignore: SEED === undefined,
  fn: async () => {
    const outcome = await simulate(Number(SEED), { trace: true });
    // deno-lint-ignore no-console
    console.log(outcome.trace.join("\n"));
    assert.deepEqual(outcome.wrong, []);
  },
});

Deno.test("A seed gives the same schedule every time", async () => {
  const [first, second] = [await simulate(3, { trace: true }), await simulate(3, { trace: true })];
  assert.ok(first.trace.length > 20);
  assert.deepEqual(first, second);
});

/** The first seed is tried first; a later one saves time where the fault seldom shows. */
const SABOTAGES: readonly (readonly [string, Sabotage, RegExp, first?: number])[] = [
  ["settles a mail before it is sent", SETTLE_BEFORE_SEND, /which nobody has got/],
  [
    "sends what it was handed before it hung",
    FORGET_THE_LATE_CHECK,
    /after \S+ took the lease/,
    600,
  ],
  ["does not look at leases", FORGET_THE_LEASE, /was sent 2 times, 2 without excuse/],
  [
    "drops owed mails on a conflict",
    DROP_OWED_ON_CONFLICT,
    /did not get review|does not know the outcome/,
  ],
  ["believes that a listing is complete", BELIEVE_LISTINGS, /as expired, which exists/, 18],
  ["sends what it cannot record", IGNORE_REFUSED_WRITES, /which it cannot record/],
  ["lists rules once, as the original does", LIST_RULES_ONCE, /is not a recipient by any rule/],
  ["routes before it knows the rules", DO_NOT_WAIT_FOR_RULES, /is not a recipient by any rule/],
  ["ignores kinds of email", IGNORE_KINDS_OF_EMAIL, /is not for |does not know the outcome/],
  ["keeps follow-ups in memory", FORGET_FOLLOW_UPS, /is not for |does not know the outcome/],
  ["never corrects a false end", NEVER_REOPEN, /its record says 'EXPIRED' and not/, 46],
  ["forgets its reminders", FORGET_REMINDERS, /plans .* reminder\/\S+ a second time/],
  [
    "reminds without asking whether the request is pending",
    REMIND_BLINDLY,
    /plans .* long after the decision/,
  ],
];

for (const [what, sabotage, complaint, first = 1] of SABOTAGES) {
  Deno.test(`The simulation detects a program that ${what}`, async () => {
    for (let seed = first; seed < first + 400; seed++) {
      const { wrong } = await simulate(seed, { sabotage });
      if (wrong.some((line) => complaint.test(line))) return;
    }
    assert.fail("not noticed within 400 schedules");
  });
}
