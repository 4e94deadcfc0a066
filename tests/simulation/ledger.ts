/** Every mail that was handed to the mail server: what became of it, and what excuses a repeat. */

import type { MailMessage } from "../../src/mail/transport.ts";
import type { MailJob } from "../../src/requests/delivery/mailer.ts";
import type { Machine } from "./machine.ts";

/**
 * Why an acceptance may be followed by another of the same mail (docs/internals/delivery.md, "When an email
 * is sent twice"): no replica that could know of it was able to record it.
 */
export type Excuse =
  | "no answer"
  | "sender crashed"
  | "sender was cut off"
  | "lease was overtaken"
  | "write was refused";

export interface Sending {
  readonly request: string;
  /** Kind, index and recipient. */
  readonly mail: string;
  readonly to: string;
  readonly message: MailMessage;
  readonly instance: string;
  readonly machine: Machine;
  readonly calledMs: number;
  state: "under way" | "accepted" | "refused" | "withheld";
  /** The record that no longer owes it was written. */
  settled: boolean;
  excuse: Excuse | undefined;
}

/** Clocks of replicas may be set forward by a few seconds meanwhile. */
const OWNERS_PATIENCE_MS = 50_000;

export class Ledger {
  readonly sendings: Sending[] = [];
  /** In the order of acceptance. */
  readonly accepted: Sending[] = [];
  readonly #failedLookups = new Map<
    string,
    { readonly firstMs: number; readonly lastMs: number }
  >();

  call(
    job: MailJob,
    message: MailMessage,
    machine: Machine,
    nowMs: number,
  ): Sending {
    const sending: Sending = {
      request: job.id,
      mail: `${job.mail.kind}/${job.mail.index}/${job.mail.to}`,
      to: job.mail.to,
      message,
      instance: machine.name,
      machine,
      calledMs: nowMs,
      state: "under way",
      settled: false,
      excuse: undefined,
    };
    this.sendings.push(sending);
    return sending;
  }

  accept(sending: Sending): void {
    sending.state = "accepted";
    this.accepted.push(sending);
  }

  wasAccepted(request: string, mail: string): boolean {
    return this.accepted.some((other) => other.request === request && other.mail === mail);
  }

  /** The owners of a request's access list could not be looked up. */
  noteFailedLookup(request: string, nowMs: number): void {
    const { firstMs } = this.#failedLookups.get(request) ?? { firstMs: nowMs };
    this.#failedLookups.set(request, { firstMs, lastMs: nowMs });
  }

  /** Whether the lookup has failed for so long that the others need not wait for it. */
  mayLackOwners(request: string): boolean {
    const { firstMs, lastMs } = this.#failedLookups.get(request) ?? { firstMs: 0, lastMs: 0 };
    return lastMs - firstMs >= OWNERS_PATIENCE_MS;
  }

  /** Sendings that are not recorded yet. */
  open(request: string): readonly Sending[] {
    return this.sendings.filter((sending) =>
      sending.request === request && !sending.settled &&
      (sending.state === "under way" || sending.state === "accepted")
    );
  }

  /** Excuses the sendings of a request that no replica could record. */
  abandonRequest(request: string, excuse: Excuse): void {
    for (const sending of this.sendings) {
      if (sending.request === request && !sending.settled) sending.excuse ??= excuse;
    }
  }

  /** Excuses the sendings that a replica left unrecorded when it ended. */
  abandon(instance: string, excuse: Excuse): void {
    for (const sending of this.sendings) {
      if (sending.instance === instance && !sending.settled) sending.excuse ??= excuse;
    }
  }
}
