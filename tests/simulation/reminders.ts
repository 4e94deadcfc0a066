/** What must hold of mails that time makes due: each step once, and none after the decision. */

import type { RecordWritten, SimulatedCluster } from "./cluster.ts";
import type { Sending } from "./ledger.ts";
import { MAX_SKEW_MS } from "./machine.ts";
import type { World } from "./world.ts";

/** As in the configuration, only that minutes are seconds. */
export const REMINDERS = { remindAfterMs: [20_000, 90_000], warnBeforeAccessEndsMs: 60_000 };

/** How long asking whether a request is pending and then writing takes, where nothing fails. */
const LATEST_MS = 2_500;

const STEPS = REMINDERS.remindAfterMs.map((ms) => ms / 1000);

export class ReminderAudit {
  readonly violations: string[] = [];
  /** Mails that were planned, by request. */
  readonly #planned = new Set<string>();
  /** When requests were decided or deleted, by id, and reviewed, by id and author. */
  readonly #endedMs = new Map<string, number>();
  /** When records were closed. */
  readonly #closedMs = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly cluster: () => SimulatedCluster,
    private readonly count: (what: string) => void,
  ) {}

  /** Follows what happens to requests, without delay. */
  watch(cluster: SimulatedCluster): void {
    cluster.watchers.add((event) => {
      if (event.type === "delete") this.#end(event.id);
      if (event.type !== "put") return;
      const { id, state, reviews } = event.request;
      if (state !== "PENDING") this.#end(id);
      for (const { author } of reviews) this.#end(`${id} ${author}`);
    });
  }

  #end(what: string): void {
    if (!this.#endedMs.has(what)) this.#endedMs.set(what, this.world.nowMs);
  }

  /** Whether it ended so long ago that the writer had to know. */
  #isLongOver(what: string, faultMs: number): boolean {
    const endedMs = this.#endedMs.get(what) ?? Infinity;
    return this.world.nowMs > endedMs + LATEST_MS && faultMs < endedMs;
  }

  readonly onSend = ({ request, mail, instance }: Sending): void => {
    const record = this.cluster().record(request);
    if (mail.startsWith("reminder/") && record?.resolution !== "") {
      this.violations.push(`${instance} sends ${request} ${mail} after the decision`);
    }
  };

  readonly onWrite: RecordWritten = ({ id, by, faultMs, before, after }) => {
    if (before?.resolution === "" && after?.resolution !== "") {
      this.#closedMs.set(id, this.world.nowMs);
    }
    const known = new Set(before?.owed.map(({ key }) => key));
    for (const { key, kind, index, to } of after?.owed ?? []) {
      const isWarning = kind === "requester-access-ending";
      if (known.has(key) || !(kind === "reminder" || isWarning)) continue;
      const complain = (what: string) => this.violations.push(`${by} plans ${id} ${key} ${what}`);
      this.count(kind);
      if (this.#planned.has(`${id} ${key}`)) complain("a second time");
      this.#planned.add(`${id} ${key}`);
      if (isWarning) {
        const endMs = this.cluster().requests.get(id)?.accessExpiresMs ?? Infinity;
        if (this.world.nowMs > endMs + MAX_SKEW_MS + LATEST_MS && faultMs < endMs) {
          complain("after the access has ended");
        }
        continue;
      }
      if (this.#isLongOver(id, faultMs)) complain("long after the decision");
      if (this.#isLongOver(`${id} ${to}`, faultMs)) complain("long after the recipient's review");
      if (!STEPS.includes(index)) complain("which is not a step");
    }
  };
  /** What is missing at rest, when all steps have passed. */
  missing(id: string, isRequesterMailed: boolean, calm: boolean): readonly string[] {
    const record = this.cluster().record(id);
    const request = this.cluster().requests.get(id);
    if (record === undefined || request === undefined) return [];
    const { state, accessExpiresMs: endMs } = request;
    if (state === "PENDING" && record.reminded !== STEPS.at(-1)) {
      return [`${id}: its last step is ${record.reminded}`];
    }
    // No warning is planned while it is in doubt whether the request is there.
    if (!calm || !isRequesterMailed || state !== "APPROVED" || endMs === undefined) return [];
    const wasInTime = (this.#closedMs.get(id) ?? Infinity) + MAX_SKEW_MS + LATEST_MS <
      endMs - REMINDERS.warnBeforeAccessEndsMs;
    const isPlanned = [...this.#planned].some((mail) => mail.startsWith(`${id} requester-access`));
    return wasInTime && !isPlanned
      ? [`${id}: no warning of the end of its access was planned`]
      : [];
  }
}
