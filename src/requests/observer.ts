/** What the core tells of its work to whoever counts it. */

import type { Refusal } from "../mail/transport.ts";
import type { OwedMail } from "./record/outbox.ts";
import type { WriteOutcome } from "./ports.ts";

/** Why a mail is owed no longer though nobody accepted it; `vanished`: request and record are gone. */
export type Loss = "failed" | "superseded" | "deleted";

/** Calls have to be quick and must not throw. */
export interface Observer {
  /** A mail was accepted, after so long on its way, and so long after the news that it tells of. */
  mailAccepted(mail: OwedMail, sendMs: number, sinceNewsMs: number): void;
  /** An attempt ended otherwise; the mail may be tried again. */
  mailRefused(mail: OwedMail, refusal: Refusal, sendMs: number): void;
  /** A mail will never be sent. */
  mailDropped(mail: OwedMail, why: Loss): void;
  /** A look at a request has ended, well or not. */
  reconciled(): void;
  /** A write of a record was answered, or failed. */
  recordWritten(outcome: WriteOutcome | "failed"): void;
}

/** For whom nobody counts. */
export const unobserved: Observer = {
  mailAccepted: () => {},
  mailRefused: () => {},
  mailDropped: () => {},
  reconciled: () => {},
  recordWritten: () => {},
};
