/** A machine's ways to the cluster and to the mail server of a simulation. */

import type { Receipt } from "../../src/mail/transport.ts";
import type { Cluster } from "../../src/requests/ports.ts";
import type { LookupCluster } from "../../src/routing/lookups.ts";
import type { RuleCluster } from "../../src/routing/rules/rule_store.ts";
import type { Role } from "../../src/teleport/permissions.ts";
import { ClusterError } from "../../src/teleport/errors.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { Ledger, Sending } from "./ledger.ts";
import { type Line, WITHHELD } from "./line.ts";
import type { Machine } from "./machine.ts";
import type { PostOffice } from "./post_office.ts";
import type { Random } from "./random.ts";
import type { Exits } from "./replica.ts";
import { OWNER } from "./routing.ts";
import { Watches } from "./watches.ts";
import type { World } from "./world.ts";

export interface Surroundings {
  readonly world: World;
  readonly cluster: SimulatedCluster;
  readonly office: PostOffice;
  readonly ledger: Ledger;
  /** Told of each mail that is handed over. */
  readonly onSend: (sending: Sending) => void;
  /** Told of each mail that leaves, before it arrives. */
  readonly onLeave: (sending: Sending) => void;
}

function role(mayList: boolean): Role {
  const verbs = mayList ? ["list", "read"] : ["read"];
  return {
    name: "access-plugin",
    allow: [{ kinds: ["access_request"], verbs, where: "" }],
    deny: [],
  };
}

/** The server's refusal as an answer, which travels back as any other does. */
function refusable<T>(perform: () => T): T | ClusterError {
  try {
    return perform();
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
}

/** The exits, and a way to end the machine's watches. */
export function exitsOf(
  machine: Machine,
  line: Line,
  { world, cluster, office, ledger, onSend, onLeave }: Surroundings,
  random: Random,
): Exits & { readonly dropWatches: () => void } {
  const ask = async <T>(
    what: string,
    perform: () => T,
    signal: AbortSignal,
    delay = () => random.delayMs(50, 500),
  ): Promise<T> => {
    const answer = await line.call({ what, target: "cluster", delay, perform, signal });
    if ("value" in answer) return answer.value;
    throw new ClusterError("unavailable", answer.broken);
  };

  const watches = new Watches(machine, world, cluster, random, ask);
  const port: Cluster & RuleCluster & LookupCluster = {
    listRules: (signal) => {
      // There may be thousands of them, on many pages.
      const delay = () => random.delayMs(100, 5_000);
      return ask("list rules", () => [...cluster.routing.rules.values()], signal, delay);
    },
    listAccessListOwners: async (list, signal) => {
      try {
        return await ask(`list the owners of ${list}`, () => [OWNER], signal);
      } catch (error) {
        ledger.noteFailedLookup(list, world.nowMs);
        throw error;
      }
    },
    readTraits: () => Promise.reject(new Error("no condition reads traits")),
    listResources: () => Promise.resolve([]),
    watch: (signal) => watches.watch(signal),
    listRequests: (signal) => ask("list requests", () => cluster.list(), signal),
    findRequest: (id, signal) => ask(`find ${id}`, () => cluster.find(id), signal),
    currentRoles: (signal) => ask("read roles", () => [role(!cluster.isNarrowed)], signal),
    listRecords: (signal) => ask("list records", () => new Map(cluster.records), signal),
    readRecord: (id, signal) => ask(`read ${id}`, () => cluster.records.get(id) ?? {}, signal),
    writeRecord: (id, set, expect, signal) =>
      ask(
        `write ${id} ${JSON.stringify(set)}`,
        () => refusable(() => cluster.write(id, set, expect, machine)),
        signal,
      ).then((outcome) => {
        if (outcome instanceof ClusterError) throw outcome;
        return outcome;
      }),
  };

  const mail = async (
    what: string,
    perform: () => Receipt,
    signal: AbortSignal,
    delay: () => number,
    mayLeave: () => boolean = () => true,
  ): Promise<Receipt> => {
    const answer = await line.call({ what, target: "mail", delay, perform, signal, mayLeave });
    if ("value" in answer) return answer.value;
    const error = answer.broken;
    if (error === "cancelled" || error === WITHHELD) {
      return { ok: false, category: "cancelled", retry: "later", error };
    }
    const retry = random.pick(["later", "transport"]);
    return { ok: false, category: "network", retry, error };
  };

  return {
    cluster: port,
    dropWatches: () => watches.drop(),
    verify: (signal) =>
      mail("verify", () => office.verify(), signal, () => random.delayMs(50, 500)),
    send: async (job, message, signal, mayStart) => {
      if (machine.isGone) return await new Promise<never>(() => {});
      const sending = ledger.call(job, message, machine, world.nowMs);
      onSend(sending);
      const perform = () => office.receive(sending);
      const delay = () => random.delayMs(200, 30_000);
      const mayLeave = () => {
        const may = mayStart();
        if (may) onLeave(sending);
        else sending.state = "withheld";
        return may;
      };
      const what = `send ${job.id} ${sending.mail}`;
      const receipt = await mail(what, perform, signal, delay, mayLeave);
      if (sending.state === "withheld") return receipt;
      if (!receipt.ok && receipt.category === "cancelled") sending.excuse ??= "sender was cut off";
      else if (!receipt.ok && receipt.category === "network") sending.excuse ??= "no answer";
      return receipt;
    },
  };
}
