/** Access lists in memory, and replicas that remind of them. */

import type { MailMessage, Receipt } from "../../mail/transport.ts";
import { FairSemaphore } from "../../requests/delivery/fair_semaphore.ts";
import { compareAndSet } from "../../requests/testing/compare_and_set.ts";
import type { AccessList } from "../../teleport/access_list.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { FakeClock, NOW_MS } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";
import type { RawListRecord } from "../record.ts";
import { type AccessListCluster, AccessListReviews } from "../reviews.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const LATER: Receipt = { ok: false, category: "server", retry: "later", error: "451 later" };

/** A list that is due in so many days, with two weeks of notifications. */
export function aList(name: string, dueInDays: number, owners: readonly string[]): AccessList {
  return {
    name,
    title: name.toUpperCase(),
    description: "",
    owners: owners.map((owner) => ({ name: owner, isAccessList: false })),
    roles: [],
    memberCount: 1,
    nextAuditMs: NOW_MS + dueInDays * DAY_MS,
    remindBeforeMs: 14 * DAY_MS,
  };
}

/** Access lists, and their plugin data with compare-and-set. */
export class Lists implements AccessListCluster {
  readonly lists = new Map<string, AccessList>();
  readonly records = new Map<string, RawListRecord>();
  readonly calls: string[] = [];
  /** Called at the start of each call; may throw, or wait. */
  beforeCall: (call: string) => void | Promise<void> = () => {};

  put(...lists: readonly AccessList[]): void {
    for (const list of lists) this.lists.set(list.name, list);
  }

  async listAccessLists() {
    await this.#begin("lists");
    return [...this.lists.values()];
  }

  async listAccessListOwners(name: string) {
    await this.#begin(`owners ${name}`);
    const list = this.lists.get(name);
    if (list === undefined) throw new ClusterError("not-found", name);
    return list.owners.map((owner) => owner.name);
  }

  async listListRecords() {
    await this.#begin("records");
    return new Map(this.records);
  }

  async readListRecord(name: string) {
    await this.#begin(`read ${name}`);
    return this.records.get(name) ?? {};
  }

  async writeListRecord(name: string, set: RawListRecord, expect: RawListRecord) {
    await this.#begin(`write ${name}`);
    if (!this.lists.has(name)) return "missing";
    const next = compareAndSet(this.records.get(name) ?? {}, set, expect);
    if (next === "conflict") return next;
    this.records.set(name, next);
    return "written";
  }

  async #begin(call: string): Promise<void> {
    this.calls.push(call);
    await this.beforeCall(call);
  }
}

/** A cluster with these lists, a mail server, and a way to start replicas. */
export function setUp(...lists: readonly AccessList[]) {
  const clock = new FakeClock();
  const cluster = new Lists();
  cluster.put(...lists);
  const sent: string[] = [];
  const log = fakeLog();
  const drain = new AbortController();
  const office = { answer: (_message: MailMessage): Receipt | undefined => undefined };
  const start = (instance: string) => {
    const breaker = {
      isPaused: false,
      pause: () => void (breaker.isPaused = true),
      succeeded: () => {},
      causeOf: () => Promise.resolve("transport" as const),
      isCausedByTransport: (): boolean => false,
    };
    const reviews = new AccessListReviews({
      clock,
      random: () => 0.5,
      log,
      cluster,
      addressOf: (user) => Promise.resolve(user.includes("@") ? user : undefined),
      compose: (to, due) => ({
        messageId: due.map(({ list, stepMs }) => `${list.name} ${(stepMs - NOW_MS) / DAY_MS}`)
          .sort().join(","),
        from: { address: "teleport@x.org" },
        to,
        subject: "",
        date: new Date(clock.now()),
        text: "",
      }),
      transport: {
        send: async (message, _signal, mayStart) => {
          await Promise.resolve();
          if (mayStart?.() === false) return LATER;
          const refusal = office.answer(message);
          if (refusal !== undefined) return refusal;
          sent.push(`${message.to}: ${message.messageId}`);
          return { ok: true, messageId: message.messageId, response: "250" };
        },
      },
      semaphore: new FairSemaphore(10, undefined, clock),
      breaker,
      observer: { mailAccepted: () => {}, mailRefused: () => {}, mailDropped: () => {} },
      instance,
      drain: drain.signal,
      kill: new AbortController().signal,
    });
    const running = reviews.run();
    return { breaker, running };
  };
  const stop = async (running: Promise<void>) => {
    drain.abort();
    await running;
  };
  return { clock, cluster, sent, log, office, start, stop, drain };
}
