/** What must hold at every step of a simulation, whatever happens (docs/internals/delivery.md). */

import type { RecordWritten, SimulatedCluster } from "./cluster.ts";
import type { Ledger, Sending } from "./ledger.ts";
import { MAX_SKEW_MS } from "./machine.ts";
import { GRACE_MS, type StoredFacts, type StoredMail } from "./record_reader.ts";
import type { World } from "./world.ts";

export class Audit {
  readonly violations: string[] = [];
  /** Records that were created when their request was no longer pending. */
  readonly lateRecords = new Set<string>();
  /** When the record of each request was created. */
  readonly recordedMs = new Map<string, number>();
  /** Who took the lease of a request last, whether it has released it or not. */
  readonly #lastHolders = new Map<string, string>();

  constructor(
    private readonly world: World,
    private readonly cluster: () => SimulatedCluster,
    private readonly ledger: Ledger,
  ) {}

  /** A mail leaves: only the holder of the lease sends, unless a late settlement just came before. */
  readonly onSend = ({ request, mail, instance }: Sending): void => {
    const record = this.cluster().record(request);
    const owner = record?.owner?.instance;
    if (owner !== instance && this.cluster().refused.has(request)) {
      this.#complain(`${instance} sends ${request} ${mail}, which it cannot record`);
    }
    if (owner !== instance && record?.owed.some((other) => other.key === mail)) {
      this.#complain(
        `${instance} sends ${request} ${mail}, but the lease is ${owner ?? "nobody"}'s`,
      );
    }
  };

  /** The content of a mail leaves, which can be long after it was handed over. */
  readonly onLeave = ({ request, mail, instance }: Sending): void => {
    const holder = this.#lastHolders.get(request);
    if (holder !== instance) {
      this.#complain(`${instance} sends ${request} ${mail} after ${holder} took the lease`);
    }
  };

  readonly onWrite: RecordWritten = ({ id, by, before, after }) => {
    if (after === undefined) return this.#complain(`${by} deletes the record of ${id}`);
    if (after.owner !== undefined) this.#lastHolders.set(id, after.owner.instance);
    if (before === undefined) this.recordedMs.set(id, this.world.nowMs);
    if (before !== undefined) this.#compare(id, by, before, after);
    else if (this.cluster().requests.get(id)?.state !== "PENDING") this.lateRecords.add(id);
    for (const sending of this.ledger.open(id)) this.#judge(sending, by, after);
  };

  /** A lease ends by its owner, by time, or when nothing is left to send. */
  #checkLease(id: string, by: string, before: StoredFacts, after: StoredFacts): void {
    const { owner } = before;
    if (owner === undefined || owner.instance === by || after.owed.length === 0) return;
    if (after.owner?.instance === owner.instance) return;
    const overMs = owner.untilMs + GRACE_MS;
    if (this.world.nowMs + MAX_SKEW_MS < overMs) {
      this.#complain(`${by} takes the lease of ${id}, which is ${owner.instance}'s`);
    }
  }

  #compare(id: string, by: string, before: StoredFacts, after: StoredFacts): void {
    this.#checkLease(id, by, before, after);
    const still = new Set(after.owed.map(({ key }) => key));
    for (const mail of before.owed) {
      if (!still.has(mail.key) && !this.#mayLeave(id, mail, before, after)) {
        this.#complain(`${by} drops ${id} ${mail.key}, which nobody has got`);
      }
    }
    const threads = new Set(after.threads);
    for (const recipient of before.threads) {
      if (!threads.has(recipient)) this.#complain(`${by} drops ${recipient}'s thread of ${id}`);
    }
    const exists = this.cluster().requests.has(id);
    const reopens = before.resolution === "EXPIRED" && after.reopened === before.reopened + 1;
    if (reopens && !exists) this.#complain(`${by} reopens ${id}, which is gone`);
    if (before.resolution === "" && after.resolution === "EXPIRED" && exists) {
      this.#complain(`${by} closes ${id} as expired, which exists`);
    }
    if (before.resolution !== "" && before.resolution !== after.resolution && !reopens) {
      this.#complain(`${by} resolves ${id} a second time`);
    }
    // Reviews that the closing superseded are owed again if the request is reopened.
    const closes = before.resolution === "" && after.resolution === "EXPIRED";
    if (after.reviewsCount < before.reviewsCount && !closes) {
      this.#complain(`${by} forgets reviews of ${id}`);
    }
  }

  /** Accepted, failed, or superseded by the rules of the plan. */
  #mayLeave(id: string, mail: StoredMail, before: StoredFacts, after: StoredFacts): boolean {
    const { key } = mail;
    if (this.ledger.wasAccepted(id, key)) return true;
    if (after.failed.some((other) => other.key === key)) return true;
    // A reopening supersedes the ends that are still owed.
    if (after.reopened > before.reopened && mail.kind.endsWith("resolution")) return true;
    // A later step, the decision, and the reviewer's own review supersede a reminder.
    if (mail.kind === "reminder") {
      const reviews = this.cluster().requests.get(id)?.reviews ?? [];
      return after.reminded > mail.index || after.resolution !== "" || this.#isDecided(id) ||
        reviews.some(({ author }) => author === mail.to);
    }
    if (mail.kind === "requester-access-ending") {
      const endMs = this.cluster().requests.get(id)?.accessExpiresMs ?? -Infinity;
      return this.world.nowMs + MAX_SKEW_MS >= endMs;
    }
    if (after.resolution === "") return false;
    switch (mail.kind) {
      case "new":
      case "requester-new":
      case "reopened":
      case "requester-reopened":
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

  #isDecided(id: string): boolean {
    return this.cluster().requests.get(id)?.state !== "PENDING";
  }

  /** What a write means for a mail that is on its way, or accepted and not written down. */
  #judge(sending: Sending, by: string, after: StoredFacts): void {
    const isOwed = after.owed.some(({ key }) => key === sending.mail);
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
