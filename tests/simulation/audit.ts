/** What must hold at every step of a simulation, whatever happens (docs/internals/delivery.md). */

import { LEASE_GRACE_MS } from "../../src/requests/record/lease.ts";
import { mailKey, type OwedMail } from "../../src/requests/record/outbox.ts";
import type { PluginRecord } from "../../src/requests/record/record.ts";
import type { RecordWritten, SimulatedCluster } from "./cluster.ts";
import type { Ledger, Sending } from "./ledger.ts";
import { MAX_SKEW_MS } from "./machine.ts";
import type { World } from "./world.ts";

export class Audit {
  readonly violations: string[] = [];
  /** Records that were created when their request was no longer pending. */
  readonly lateRecords = new Set<string>();

  constructor(
    private readonly world: World,
    private readonly cluster: () => SimulatedCluster,
    private readonly ledger: Ledger,
  ) {}

  /** A mail leaves: only the holder of the lease sends, unless a late settlement just came before. */
  readonly onSend = ({ request, mail, instance }: Sending): void => {
    const record = this.cluster().record(request);
    const owner = record?.owner?.instance;
    if (owner !== instance && record?.owed.some((other) => mailKey(other) === mail)) {
      this.#complain(
        `${instance} sends ${request} ${mail}, but the lease is ${owner ?? "nobody"}'s`,
      );
    }
  };

  readonly onWrite: RecordWritten = ({ id, by, before, after }) => {
    if (after === undefined) return this.#complain(`${by} deletes the record of ${id}`);
    if (before !== undefined) this.#compare(id, by, before, after);
    else if (this.cluster().requests.get(id)?.state !== "PENDING") this.lateRecords.add(id);
    for (const sending of this.ledger.open(id)) this.#judge(sending, by, after);
  };

  /** A lease ends by its owner, by time, or when nothing is left to send. */
  #checkLease(id: string, by: string, before: PluginRecord, after: PluginRecord): void {
    const { owner } = before;
    if (owner === undefined || owner.instance === by || after.owed.length === 0) return;
    if (after.owner?.instance === owner.instance) return;
    const overMs = owner.untilMs + LEASE_GRACE_MS;
    if (this.world.nowMs + MAX_SKEW_MS < overMs) {
      this.#complain(`${by} takes the lease of ${id}, which is ${owner.instance}'s`);
    }
  }

  #compare(id: string, by: string, before: PluginRecord, after: PluginRecord): void {
    this.#checkLease(id, by, before, after);
    const still = new Set(after.owed.map(mailKey));
    for (const mail of before.owed) {
      if (!still.has(mailKey(mail)) && !this.#mayLeave(id, mail, before, after)) {
        this.#complain(`${by} drops ${id} ${mailKey(mail)}, which nobody has got`);
      }
    }
    const threads = new Set(after.threads.map((thread) => thread.recipient));
    for (const { recipient } of before.threads) {
      if (!threads.has(recipient)) this.#complain(`${by} drops ${recipient}'s thread of ${id}`);
    }
    if (before.resolution !== "" && before.resolution !== after.resolution) {
      this.#complain(`${by} resolves ${id} a second time`);
    }
    // Reviews that the closing superseded are owed again if the request is reopened.
    const closes = before.resolution === "" && after.resolution === "EXPIRED";
    if (after.reviewsCount < before.reviewsCount && !closes) {
      this.#complain(`${by} forgets reviews of ${id}`);
    }
  }

  /** Accepted, given up, or superseded by the rules of the plan. */
  #mayLeave(id: string, mail: OwedMail, before: PluginRecord, after: PluginRecord): boolean {
    const key = mailKey(mail);
    if (this.ledger.wasAccepted(id, key)) return true;
    if (after.failed.some((other) => mailKey(other) === key)) return true;
    if (after.resolution === "") return false;
    switch (mail.kind) {
      case "new":
      case "requester-new":
        return true;
      case "review":
      case "requester-review": {
        const first = mail.kind === "review" ? "new" : "requester-new";
        const untold = before.owed.some(({ kind, to }) => kind === first && to === mail.to);
        return untold || !this.cluster().requests.has(id);
      }
      default:
        return false;
    }
  }

  /** What a write means for a mail that is on its way, or accepted and not written down. */
  #judge(sending: Sending, by: string, after: PluginRecord): void {
    const isOwed = after.owed.some((mail) => mailKey(mail) === sending.mail);
    if (sending.state === "accepted" && !isOwed) {
      sending.settled = true;
      return;
    }
    if (sending.excuse !== undefined || after.owner?.instance === sending.instance) return;
    if (sending.machine.lastFaultMs >= sending.calledMs) sending.excuse = "lease was overtaken";
    else if (isOwed) {
      this.#complain(
        `${by} ends the lease of ${sending.instance} while ${sending.request} ${sending.mail} ` +
          "is on its way",
      );
    }
  }

  #complain(what: string): void {
    this.violations.push(what);
  }
}
