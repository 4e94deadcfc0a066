/** Deliberate faults, put between the program and its ports: the simulation has to notice them. */

import type { Mailer } from "../../src/requests/delivery/mailer.ts";
import { settle } from "../../src/requests/delivery/outcome.ts";
import type { Cluster } from "../../src/requests/ports.ts";
import { expectation, type RawRecord } from "../../src/requests/record/record.ts";
import type { RuleTarget } from "../../src/requests/list_watch.ts";
import type { Router } from "../../src/routing/router.ts";
import type { RuleSource } from "../../src/routing/rule_router.ts";
import type { RuleStore } from "../../src/routing/rules/rule_store.ts";
import { ClusterError } from "../../src/teleport/errors.ts";
import { StoredRecord } from "../../src/requests/record/stored_record.ts";

export interface Sabotage {
  readonly cluster?: (honest: Cluster, instance: string) => Cluster;
  readonly mailer?: (honest: Mailer, cluster: Cluster) => Mailer;
  readonly rules?: (honest: RuleStore) => RuleTarget & RuleSource;
  readonly router?: (honest: Router) => Router;
}

/** Lists the rules once, as the original does: what changes while it is disconnected is missed. */
export const LIST_RULES_ONCE: Sabotage = {
  rules: (honest) => {
    let isListed = false;
    return {
      current: (signal) => honest.current(signal),
      take: (event) => honest.take(event),
      async list(isWatched, signal) {
        if (isListed) return;
        await honest.list(isWatched, signal);
        isListed = true;
      },
    };
  },
};

/** Routes without rules as long as they are not listed. */
export const DO_NOT_WAIT_FOR_RULES: Sabotage = {
  rules: (honest) => {
    let isListed = false;
    return {
      current: (signal) => isListed ? honest.current(signal) : Promise.resolve([]),
      take: (event) => honest.take(event),
      async list(isWatched, signal) {
        await honest.list(isWatched, signal);
        isListed = true;
      },
    };
  },
};

/** Sends every email to the recipients of the first one. */
export const IGNORE_KINDS_OF_EMAIL: Sabotage = {
  router: (honest) => ({
    listOwners: (request, signal) => honest.listOwners(request, signal),
    async route(request, signal) {
      const { followUps: _, ...routed } = await honest.route(request, signal);
      return routed;
    },
  }),
};

/** Keeps in memory alone who gets later emails. */
export const FORGET_FOLLOW_UPS: Sabotage = {
  cluster: (honest) => ({
    ...honest,
    writeRecord: (id, { follow_ups: _, ...set }, { follow_ups: __, ...expect }, signal) =>
      honest.writeRecord(id, set, expect, signal),
  }),
};

/** Writes a mail down as sent, and then sends it, as the original does. */
export const SETTLE_BEFORE_SEND: Sabotage = {
  mailer: (honest, cluster) => ({
    async send(job, signal, mayStart) {
      const stored = new StoredRecord(job.id, cluster, { now: () => 0 });
      await stored.load(signal).catch(() => {});
      if (stored.record !== undefined) {
        const outcome = { type: "accepted", mail: job.mail, messageId: "early", atMs: 0 } as const;
        await stored.write(settle(stored.record, [outcome]), signal).catch(() => {});
      }
      return await honest.send(job, signal, mayStart);
    },
  }),
};

/** Looks at the lease when a mail is handed over, and not again when it leaves. */
export const FORGET_THE_LATE_CHECK: Sabotage = {
  mailer: (honest) => ({ send: (job, signal) => honest.send(job, signal) }),
};

/** Does not see the leases of others. */
export const FORGET_THE_LEASE: Sabotage = {
  cluster: (honest, instance) => {
    const hidden = new Map<string, string>();
    const hide = (id: string, raw: RawRecord): RawRecord => {
      const { owner, ...rest } = raw;
      if (owner === undefined || owner.startsWith(`${instance} `)) {
        hidden.delete(id);
        return raw;
      }
      hidden.set(id, owner);
      return rest;
    };
    return {
      ...honest,
      listRecords: async (signal) =>
        new Map([...await honest.listRecords(signal)].map(([id, raw]) => [id, hide(id, raw)])),
      readRecord: async (id, signal) => hide(id, await honest.readRecord(id, signal)),
      async writeRecord(id, set, expect, signal) {
        const owner = hidden.get(id);
        const seen = owner === undefined ? expect : { ...expect, owner };
        const outcome = await honest.writeRecord(id, set, seen, signal);
        if (outcome === "written") hidden.delete(id);
        return outcome;
      },
    };
  },
};

/** Takes a conflict for a reason to forget what is owed. */
export const DROP_OWED_ON_CONFLICT: Sabotage = {
  cluster: (honest) => ({
    ...honest,
    async writeRecord(id, set, expect, signal) {
      const outcome = await honest.writeRecord(id, set, expect, signal);
      if (outcome === "conflict") {
        const raw = await honest.readRecord(id, signal);
        await honest.writeRecord(id, { owed: "", owner: "" }, expectation(raw), signal);
      }
      return outcome;
    },
  }),
};

/** Takes what a listing lacks for gone, as if every role could list and no cache lagged. */
export const BELIEVE_LISTINGS: Sabotage = {
  cluster: (honest) => ({
    ...honest,
    findRequest: () => Promise.resolve("absent" as const),
    currentRoles: () =>
      Promise.resolve([{
        name: "all",
        allow: [{ kinds: ["*"], verbs: ["*"], where: "" }],
        deny: [],
      }]),
  }),
};

/** Goes on sending when a write is refused, as if it had been done. */
export const IGNORE_REFUSED_WRITES: Sabotage = {
  cluster: (honest) => ({
    ...honest,
    async writeRecord(id, set, expect, signal) {
      try {
        return await honest.writeRecord(id, set, expect, signal);
      } catch (error) {
        if (error instanceof ClusterError && error.kind === "invalid") return "written";
        throw error;
      }
    },
  }),
};

/** Leaves a record closed that says EXPIRED, although its request was listed. */
export const NEVER_REOPEN: Sabotage = {
  cluster: (honest) => {
    const listed = new Set<string>();
    return {
      ...honest,
      async listRequests(signal) {
        const requests = await honest.listRequests(signal);
        for (const { id } of requests ?? []) listed.add(id);
        return requests;
      },
      findRequest: (id, signal) =>
        listed.has(id) ? Promise.resolve("absent" as const) : honest.findRequest(id, signal),
    };
  },
};

/** Does not see which reminders were planned. */
export const FORGET_REMINDERS: Sabotage = {
  cluster: (honest) => {
    const hidden = new Map<string, string>();
    const hide = (id: string, { reminded, ...rest }: RawRecord): RawRecord => {
      if (reminded === undefined) hidden.delete(id);
      else hidden.set(id, reminded);
      return rest;
    };
    return {
      ...honest,
      listRecords: async (signal) =>
        new Map([...await honest.listRecords(signal)].map(([id, raw]) => [id, hide(id, raw)])),
      readRecord: async (id, signal) => hide(id, await honest.readRecord(id, signal)),
      writeRecord: (id, set, expect, signal) => {
        const reminded = hidden.get(id);
        return honest.writeRecord(id, set, reminded ? { ...expect, reminded } : expect, signal);
      },
    };
  },
};

/** Misses the events of decisions, and reminds without asking whether the request is still pending. */
export const REMIND_BLINDLY: Sabotage = {
  cluster: (honest) => ({
    ...honest,
    async *watch(signal, also) {
      for await (const event of honest.watch(signal, also)) {
        if (event.type !== "put" || event.request.state === "PENDING") yield event;
      }
    },
    findRequest: () => Promise.resolve(undefined),
  }),
};
