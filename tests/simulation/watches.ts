/** A machine's watches: events come in order, late, at times twice, and the stream may end. */

import type { ClusterEvent } from "../../src/requests/ports.ts";
import { EventStream } from "../../src/requests/testing/event_stream.ts";
import { ClusterError } from "../../src/teleport/errors.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export class Watches {
  readonly #drops = new Set<() => void>();

  constructor(
    private readonly machine: Machine,
    private readonly world: World,
    private readonly cluster: SimulatedCluster,
    private readonly random: Random,
    /** Calls the cluster. */
    private readonly ask: (what: string, perform: () => void, signal: AbortSignal) => Promise<void>,
  ) {}

  async *watch(signal: AbortSignal): AsyncGenerator<ClusterEvent> {
    const { machine, cluster, random } = this;
    const stream = new EventStream();
    const deliver = this.#inOrder();
    const watcher = (event: ClusterEvent) => {
      const push = () => {
        if (!cluster.watchers.has(watcher)) return;
        machine.say(() => `hears ${describe(event)}`);
        stream.push(event);
      };
      deliver(push);
      if (event.type !== "init" && random.chance(0.1)) deliver(push);
    };
    const end = (error?: Error) => {
      cluster.watchers.delete(watcher);
      this.#drops.delete(drop);
      machine.run(() => stream.end(error));
    };
    const drop = () => {
      machine.say(() => "loses its watch");
      end(random.chance(0.5) ? new ClusterError("unavailable", "stream reset") : undefined);
    };
    signal.addEventListener("abort", () => end());
    await this.ask("watch", () => {
      cluster.watchers.add(watcher);
      this.#drops.add(drop);
      watcher({ type: "init", kinds: ["access_monitoring_rule"] });
    }, signal);
    yield* stream.events();
  }

  /** Ends every stream; what is under way is lost. */
  drop(): void {
    for (const drop of this.#drops) drop();
  }

  #inOrder(): (action: () => void) => void {
    let lastMs = 0;
    return (action) => {
      lastMs = Math.max(lastMs, this.world.nowMs + this.random.delayMs(50, 5_000));
      this.world.after(lastMs - this.world.nowMs, () => this.machine.run(action));
    };
  }
}

function describe(event: ClusterEvent): string {
  if (event.type === "delete") return `delete ${event.id}`;
  if (event.type === "put-rule") {
    const { name, condition, notification } = event.rule;
    return `put rule ${name} if ${condition}: ${notification?.recipients}`;
  }
  if (event.type === "delete-rule") return `delete rule ${event.name}`;
  if (event.type === "init") return event.type;
  const { id, state, reviews } = event.request;
  return `put ${id} ${state}, ${reviews.length} reviews`;
}
