/** One simulated schedule, from a seed: what happens to requests and replicas, and what came of it. */

import type { AccessRequest } from "../../src/teleport/access_request/read.ts";
import type { Requesters } from "../../src/requests/requester_address.ts";
import { ClusterError } from "../../src/teleport/errors.ts";
import { Audit } from "./audit.ts";
import { SimulatedCluster } from "./cluster.ts";
import { Fleet } from "./fleet.ts";
import { Ledger } from "./ledger.ts";
import { PostOffice } from "./post_office.ts";
import { broken } from "./promise.ts";
import { Random } from "./random.ts";
import { ReminderAudit, REMINDERS } from "./reminders.ts";
import { Routing } from "./routing.ts";
import type { Sabotage } from "./sabotage.ts";
import {
  planClusterTrouble,
  planMailTrouble,
  planReplicas,
  planRequests,
  planRules,
} from "./schedule.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  /** No crash, no hang, no lost answer, nothing cut off. */
  readonly calm: boolean;
  /** What is wrong; empty when the promise was kept. */
  readonly wrong: readonly string[];
  readonly trace: readonly string[];
  /** What happened how often, by name. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Until when trouble may come; then everything heals and comes to rest. */
const TROUBLE_MS = 120_000;

/** `delivery.settle_for` of every fourth schedule. */
const SETTLE_MS = 10_000;

const PEOPLE = ["a@example.com", "b/team@example.com", "c%2C@example.com"];

export async function simulate(
  seed: number,
  options: { readonly trace?: boolean; readonly sabotage?: Sabotage } = {},
): Promise<Outcome> {
  const random = new Random(seed);
  const world = new World({ trace: options.trace ?? false });
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  const ledger = new Ledger();
  const audit = new Audit(world, () => cluster, ledger);
  const reminders = new ReminderAudit(world, () => cluster, count);
  const office = new PostOffice(ledger, random.fork());
  const calm = random.chance(0.3);
  const recipients = PEOPLE.slice(0, random.int(1, PEOPLE.length));
  const routing = new Routing(recipients, random.fork());
  const cluster: SimulatedCluster = new SimulatedCluster(routing, (write) => {
    audit.onWrite(write);
    reminders.onWrite(write);
  });
  reminders.watch(cluster);
  const requester = random.chance(0.3) ? "alice@example.com" : undefined;
  let isTrouble = true;
  const requesters: Requesters = {
    addressOf: (user) => {
      if (calm || !isTrouble || !random.chance(0.1)) return Promise.resolve(user);
      count("requester not found");
      return Promise.reject(new ClusterError("unavailable", "no answer"));
    },
  };
  const fleet = new Fleet(
    {
      world,
      cluster,
      office,
      ledger,
      onSend: (sending) => {
        audit.onSend(sending);
        reminders.onSend(sending);
      },
      onLeave: audit.onLeave,
    },
    {
      policy: {
        catchUpMs: 86_400_000,
        retryForMs: 86_400_000,
        reminders: REMINDERS,
        settleForMs: seed % 4 === 3 ? SETTLE_MS : 0,
      },
      routing: routing.policy,
      ...requester === undefined ? {} : { requesters },
    },
    { random: random.fork(), count, sabotage: options.sabotage ?? {} },
  );
  const history = new Map<string, AccessRequest>();
  planRequests({ world, cluster, history, recipients, random: random.fork(), untilMs: TROUBLE_MS });
  planRules({ world, cluster, random: random.fork(), untilMs: TROUBLE_MS, count });
  planMailTrouble({ world, office, random: random.fork(), untilMs: TROUBLE_MS });
  planReplicas({ world, cluster, fleet, calm, random: random.fork(), untilMs: TROUBLE_MS });
  if (!calm) {
    const trouble = { world, cluster, fleet, ledger, random: random.fork(), count, requester };
    planClusterTrouble({ ...trouble, untilMs: TROUBLE_MS });
  }
  const rest = { cluster, ledger, audit, history, routing, requester };
  const wrong: string[] = [];
  try {
    await world.run(TROUBLE_MS);
    world.say("world", () => "trouble is over");
    isTrouble = false;
    office.isDown = false;
    office.laterRate = 0;
    cluster.isNarrowed = false;
    cluster.catchUp();
    for (const id of cluster.refused) ledger.abandonRequest(id, "write was refused");
    cluster.refused.clear();
    fleet.heal();
    // Nothing is left to happen: no timer, no call, no event. That is rest.
    await world.run();
    if (!calm && audit.lateRecords.size > 0 && broken(rest).length > 0) {
      // Its writer has ended, and the others had ignored the request: they see the record when they list.
      count("found by listing again");
      world.say("world", () => "the stream starts again");
      for (const member of fleet.alive) member.dropWatches();
      await world.run();
    }
  } catch (error) {
    wrong.push(String(error));
  }
  for (const id of history.keys()) {
    wrong.push(...reminders.missing(id, requester !== undefined, calm));
  }
  wrong.push(...audit.violations, ...reminders.violations, ...broken(rest));
  for (const { excuse } of ledger.accepted) count(excuse ?? "accepted");
  const repeats = ledger.accepted.length -
    new Set(ledger.accepted.map(({ message }) => message.messageId)).size;
  for (let i = 0; i < repeats; i++) count("repeated");
  if (calm && repeats > 0) wrong.push(`${repeats} mails were repeated though nothing went wrong`);
  return { seed, calm, wrong, trace: world.trace ?? [], counts };
}
