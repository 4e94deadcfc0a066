/** The replicas of a simulation, and what is done to them. */

import { exitsOf, type Surroundings } from "./exits.ts";
import { Line } from "./line.ts";
import { Machine, MAX_SKEW_MS } from "./machine.ts";
import type { Random } from "./random.ts";
import { type Replica, type ReplicaOptions, startReplica } from "./replica.ts";
import type { Sabotage } from "./sabotage.ts";

type Member = Replica & { readonly dropWatches: () => void };

/** How long a program that was told to stop may take; as in the daemon. */
const STOP_MS = 10_000;

export class Fleet {
  /** The probability of a fault in each call. */
  faultRate = 0;
  readonly #members: Member[] = [];
  #healed = false;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly whom: Pick<ReplicaOptions, "policy" | "routing" | "requesters">,
    private readonly deps: {
      readonly random: Random;
      readonly count: (what: string) => void;
      readonly sabotage: Sabotage;
    },
  ) {}

  get alive(): readonly Member[] {
    return this.#members.filter(({ machine }) => !machine.isGone);
  }

  start(): void {
    const { world, ledger } = this.surroundings;
    const { random, count, sabotage } = this.deps;
    // Another name for every start, as in the program.
    const instance = `i${this.#members.length + 1}`;
    const skewMs = random.int(-MAX_SKEW_MS, MAX_SKEW_MS);
    const machine = new Machine(instance, world, skewMs, () => {
      count("crash");
      ledger.abandon(instance, "sender crashed");
      exits.dropWatches();
      this.#keepOne();
    });
    const line = new Line(machine, world, random.fork(), {
      faultRate: () => this.faultRate,
      onFault: count,
    });
    machine.say(() => `starts, its clock is off by ${skewMs} ms`);
    const exits = exitsOf(machine, line, this.surroundings, random.fork());
    const replica = startReplica(machine, exits, {
      ...this.whom,
      semaphore: random.int(1, 4),
      perSecond: random.pick([undefined, undefined, 1, 10]),
      random: random.fork(),
      sabotage,
    });
    this.#members.push({ ...replica, dropWatches: exits.dropWatches });
  }

  /** Ends a replica as SIGTERM does; an impatient one is cut off if it takes too long. */
  stop(member: Member, impatient: boolean): void {
    const { ledger } = this.surroundings;
    const { machine } = member;
    const cutOff = () => {
      machine.say(() => "has no more time to stop");
      ledger.abandon(machine.name, "sender was cut off");
      member.kill();
    };
    machine.say(() => "is told to stop");
    machine.run(() => {
      const cancel = impatient ? machine.clock.after(STOP_MS, cutOff) : () => {};
      member.stop().then(() => {
        cancel();
        machine.say(() => "has stopped");
        machine.retire();
        this.#keepOne();
      });
    });
  }

  /** Ends all trouble; from now on at least one replica runs. */
  heal(): void {
    this.#healed = true;
    this.faultRate = 0;
    for (const { machine } of this.alive) {
      machine.comeOnline();
      machine.wake();
    }
    this.#keepOne();
  }

  #keepOne(): void {
    if (this.#healed && this.alive.length === 0) this.start();
  }
}
