/** Reminders under random faults: replicas that come and go, lost answers, and clocks that are set. */

import assert from "node:assert/strict";
import { ClusterError } from "../teleport/errors.ts";
import type { RawListRecord } from "./record.ts";
import { lastStepMs } from "./schedule.ts";
import { aList, HOUR_MS, setUp } from "./testing/stage.ts";

const DAYS = 6;

/** In [0, 1), the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) / 0x80000000;
}

/** What owners got of the steps of six days, as `OWNER LIST STEP`, and what is owed or was missed at rest. */
async function play(seed: number, { isBlind = false } = {}) {
  const random = randomOf(seed);
  const stage = setUp(
    aList("a", 10, ["bob@x.org", "carol@x.org"]),
    aList("b", 1, ["bob@x.org"]),
    aList("c", -2, ["carol@x.org", "dave@x.org"]),
  );
  const { clock, cluster, sent, start, stop } = stage;
  let isTrouble = true;
  cluster.beforeCall = async (call) => {
    // Answers take their time, so that replicas meet in the middle of a round.
    for (let turns = Math.floor(random() * 5); turns > 0; turns--) await Promise.resolve();
    const isLost = isTrouble && !call.startsWith("write") && random() < 0.1;
    if (isLost) throw new ClusterError("unavailable", "no answer");
  };
  const write = cluster.writeListRecord.bind(cluster);
  cluster.writeListRecord = async (name: string, set: RawListRecord, expect: RawListRecord) => {
    const outcome = await write(name, set, isBlind ? {} : expect);
    if (isTrouble && random() < 0.1) throw new ClusterError("unavailable", "the answer is lost");
    return outcome;
  };
  const running = ["one", "two", "three"].map((name) => start(name).running);
  for (let hours = 0; hours < 24 * DAYS; hours++) {
    await clock.tick(HOUR_MS);
    if (random() < 0.03) clock.set(clock.now() + Math.floor(random() * 54 - 48) * HOUR_MS);
    if (random() < 0.03) running.push(start(`later${hours}`).running);
  }
  isTrouble = false;
  for (let hours = 0; hours < 24; hours++) await clock.tick(HOUR_MS);
  await stop(Promise.all(running).then(() => {}));
  const mails = sent.flatMap((mail) => {
    const [to, steps = ""] = mail.split(": ");
    return steps.split(",").map((step) => `${to} ${step}`);
  });
  const owed = [...cluster.records.values()].flatMap((record) => record["owed"] || []);
  // A round may be hours away.
  const missed = [...cluster.lists.values()].filter((list) => {
    const reminded = Date.parse(cluster.records.get(list.name)?.["reminded"] ?? "");
    const stepMs = lastStepMs(list, clock.now() - 4 * HOUR_MS);
    return stepMs !== undefined && !(reminded >= stepMs);
  }).map(({ name }) => name);
  return { mails, owed, missed };
}

Deno.test("No owner is reminded twice of a list and step, whatever fails, and nothing stays owed", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { mails, owed, missed } = await play(seed);
    assert.equal(new Set(mails).size, mails.length, `seed ${seed}: ${mails.sort().join("\n")}`);
    assert.deepEqual(owed, [], `seed ${seed}`);
    assert.deepEqual(missed, [], `seed ${seed}`);
    assert.ok(mails.length >= 3, `seed ${seed}`);
  }
});

Deno.test("The test of replicas notices a program that writes without looking", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { mails } = await play(seed, { isBlind: true });
    if (new Set(mails).size < mails.length) return;
  }
  assert.fail("not noticed");
});
