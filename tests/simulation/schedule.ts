/** What is going to happen in a simulation: drawn in advance, at random times. */

import type { AccessRequest } from "../../src/teleport/access_request/read.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { Fleet } from "./fleet.ts";
import type { Ledger } from "./ledger.ts";
import { MAX_SKEW_MS } from "./machine.ts";
import type { PostOffice } from "./post_office.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

interface Plan {
  readonly world: World;
  readonly random: Random;
  readonly untilMs: number;
}

/** One to three requests with reviews, an end for most, and a deletion for some. */
export function planRequests(
  { world, cluster, history, recipients, random, untilMs }: Plan & {
    readonly cluster: SimulatedCluster;
    readonly recipients: readonly string[];
    readonly history: Map<string, AccessRequest>;
  },
): void {
  const change = (id: string, changes: (request: AccessRequest) => Partial<AccessRequest>) => {
    const request = cluster.requests.get(id);
    if (request?.state !== "PENDING") return;
    const next = { ...request, ...changes(request) };
    history.set(id, next);
    world.say("people", () => `${id} is ${next.state} with ${next.reviews.length} reviews`);
    cluster.put(next);
  };
  const create = (id: string) => {
    const request: AccessRequest = {
      id,
      user: "alice@example.com",
      roles: ["dev"],
      state: "PENDING",
      createdMs: world.nowMs,
      reason: "",
      resolveReason: "",
      reviews: [],
      suggestedReviewers: [],
      resources: [],
      thresholds: [],
      roleThresholds: new Map(),
      systemAnnotations: new Map(),
    };
    history.set(id, request);
    world.say("people", () => `${id} is asked for`);
    cluster.put(request);
  };
  for (let left = random.int(1, 3); left > 0; left--) {
    const id = `r${left}`;
    const createdMs = random.int(0, untilMs / 2);
    const later = () => random.int(createdMs, random.chance(0.5) ? createdMs + 3_000 : untilMs);
    world.after(createdMs, () => create(id));
    for (let n = random.int(0, 3); n > 0; n--) {
      const author = random.pick(["bob", ...recipients]);
      const review = { author, state: "APPROVED", reason: "" } as const;
      world.after(later(), () => change(id, ({ reviews }) => ({ reviews: [...reviews, review] })));
    }
    const state = random.pick(["PENDING", "APPROVED", "DENIED", "PROMOTED"]);
    const accessMs = random.int(10_000, 300_000);
    if (state !== "PENDING") {
      // The list is named like the request, so that a lookup tells which request it is for.
      const promoted = state === "PROMOTED" ? { accessList: { name: id, title: "Ops" } } : {};
      world.after(later(), () => {
        const ends = state === "APPROVED" ? { accessExpiresMs: world.nowMs + accessMs } : {};
        change(id, () => ({ state, ...promoted, ...ends }));
      });
    }
    if (random.chance(0.3)) {
      world.after(later(), () => {
        world.say("people", () => `${id} is deleted`);
        cluster.remove(id);
      });
    }
  }
}

/** In half of the schedules: two rules that are written, changed and deleted. */
export function planRules(
  { world, cluster, random, untilMs, count }: Plan & {
    readonly cluster: SimulatedCluster;
    readonly count: (what: string) => void;
  },
): void {
  if (random.chance(0.5)) return;
  for (let n = random.int(1, 4); n > 0; n--) {
    const name = random.pick(["rule-1", "rule-2"]);
    const rule = cluster.routing.draw(name, random);
    const atMs = random.chance(0.3) ? 0 : random.int(0, untilMs / 2);
    world.after(atMs, () => {
      world.say("people", () => `${name} is ${rule === undefined ? "deleted" : rule.condition}`);
      count("rules were changed");
      cluster.setRule(name, rule, world.nowMs);
    });
  }
}

/** Refusals, and times in which the mail server is down. */
export function planMailTrouble(
  { world, office, random, untilMs }: Plan & { readonly office: PostOffice },
): void {
  office.laterRate = random.pick([0, 0.05, 0.3]);
  office.neverRate = random.pick([0, 0.05]);
  for (let n = random.int(-2, 2); n > 0; n--) {
    const downMs = random.int(0, untilMs);
    const set = (isDown: boolean) => () => {
      world.say("mail", () => isDown ? "the mail server is down" : "the mail server is up");
      office.isDown = isDown;
    };
    world.after(downMs, set(true));
    world.after(random.int(downMs, downMs + 60_000), set(false));
  }
}

/**
 * What a cluster does to a program that trusts it: listings that are narrowed, caches that lag, records
 * that cannot be changed, and ends that an older version wrote falsely.
 */
export function planClusterTrouble(
  { world, cluster, fleet, ledger, random, untilMs, count, requester }: Plan & {
    readonly requester: string | undefined;
    readonly cluster: SimulatedCluster;
    readonly fleet: Fleet;
    readonly ledger: Ledger;
    readonly count: (what: string) => void;
  },
): void {
  const relist = () => {
    for (const member of fleet.alive) member.dropWatches();
  };
  const sometimes = (chance: number, begin: (endMs: number) => void) => {
    if (!random.chance(chance)) return;
    const startMs = random.int(0, untilMs);
    const lastsMs = random.int(1_000, 60_000);
    world.after(startMs, () => begin(lastsMs));
  };
  sometimes(0.3, (lastsMs) => {
    world.say("cluster", () => `listings are NARROWED for ${lastsMs} ms`);
    count("listings were narrowed");
    cluster.isNarrowed = true;
    relist();
    world.after(lastsMs, () => cluster.isNarrowed = false);
  });
  sometimes(0.3, (lastsMs) => {
    world.say("cluster", () => `caches LAG for ${lastsMs} ms`);
    count("caches lagged");
    cluster.cached = new Map(cluster.requests);
    world.after(random.int(0, lastsMs), relist);
    world.after(lastsMs, () => cluster.catchUp());
  });
  sometimes(0.3, (lastsMs) => {
    const id = random.pick(["r1", "r2", "r3"]);
    world.say("cluster", () => `the record of ${id} CANNOT BE CHANGED for ${lastsMs} ms`);
    count("writes were refused");
    cluster.refused.add(id);
    const excuse = () => ledger.abandonRequest(id, "write was refused");
    world.after(lastsMs, () => {
      excuse();
      cluster.refused.delete(id);
    });
  });
  sometimes(0.2, () => {
    const [id] = [...cluster.records.keys()].filter((id) => !cluster.refused.has(id));
    if (id === undefined || !cluster.closeFalsely(id, requester, world.nowMs)) return;
    world.say("cluster", () => `an older version closes ${id} FALSELY`);
    count("false ends");
    relist();
  });
}

/** One to three replicas that come, lose their watch, are stopped; unless it is calm, worse. */
export function planReplicas(
  { world, cluster, fleet, calm, random, untilMs }: Plan & {
    readonly cluster: SimulatedCluster;
    readonly fleet: Fleet;
    readonly calm: boolean;
  },
): void {
  fleet.faultRate = calm ? 0 : random.pick([0, 0.01, 0.05, 0.2]);
  const one = () => {
    const [first, ...rest] = fleet.alive;
    return first === undefined ? undefined : random.pick([first, ...rest]);
  };
  const sometimes = (least: number, most: number, action: () => void) => {
    for (let n = random.int(least, most); n > 0; n--) world.after(random.int(0, untilMs), action);
  };
  for (let n = random.int(1, 3); n > 0; n--) {
    world.after(random.chance(0.7) ? 0 : random.int(0, untilMs), () => fleet.start());
  }
  sometimes(0, 3, () => one()?.dropWatches());
  // A listing is most delicate while there is news, and while mails are on their way.
  cluster.watchers.add(() => {
    if (random.chance(0.2)) world.after(random.int(0, 2_000), () => one()?.dropWatches());
  });
  sometimes(-2, 2, () => {
    const member = one();
    if (member !== undefined) fleet.stop(member, !calm);
    world.after(random.int(0, 30_000), () => fleet.start());
  });
  if (calm) return;
  sometimes(-1, 2, () => {
    one()?.machine.crash();
    world.after(random.int(0, 60_000), () => fleet.start());
  });
  sometimes(-1, 2, () => one()?.machine.hang(random.int(1, 90_000)));
  sometimes(-2, 2, () => one()?.machine.stepClock(random.int(-MAX_SKEW_MS, MAX_SKEW_MS)));
  sometimes(-1, 1, () => {
    const member = one();
    member?.machine.goOffline(random.int(1, 60_000));
    member?.dropWatches();
  });
}
