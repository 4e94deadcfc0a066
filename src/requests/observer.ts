/** Hooks through which the core reports progress to metrics. */

import type { Refusal } from "../mail/transport.ts";
import type { OwedMail } from "./record/outbox.ts";
import type { WriteOutcome } from "./ports.ts";

/** Why a mail left the outbox without being accepted; `deleted`: request and record are gone. */
export type Loss = "failed" | "superseded" | "deleted";

/** Calls have to be quick and must not throw. */
export interface Observer {
  /** The server accepted a mail: `sendMs` after the attempt began, `sinceNewsMs` after the event. */
  mailAccepted(mail: OwedMail, sendMs: number, sinceNewsMs: number): void;
  /** An attempt ended otherwise; the mail may be tried again. */
  mailRefused(mail: OwedMail, refusal: Refusal, sendMs: number): void;
  /** A mail will never be sent. */
  mailDropped(mail: OwedMail, why: Loss): void;
  /** A reconcile has finished, successfully or not. */
  reconciled(): void;
  /** A write of a record was answered, or failed. */
  recordWritten(outcome: WriteOutcome | "failed"): void;
}

/** An observer that ignores everything. */
export const unobserved: Observer = {
  mailAccepted: () => {},
  mailRefused: () => {},
  mailDropped: () => {},
  reconciled: () => {},
  recordWritten: () => {},
};
