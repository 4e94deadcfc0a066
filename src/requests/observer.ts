/** What the core tells of its work to whoever counts it. */

import type { Refusal } from "../mail/transport.ts";
import type { OwedMail } from "./record/outbox.ts";
import type { WriteOutcome } from "./ports.ts";

/** Why a mail is owed no longer though nobody accepted it; `vanished`: request and record are gone. */
export type Loss = "failed" | "superseded" | "vanished";

/** Calls have to be quick and must not throw. */
export interface Observer {
  /** A mail was accepted, after so long on its way, and so long after the news that it tells of. */
  accepted(mail: OwedMail, sendMs: number, sinceNewsMs: number): void;
  /** An attempt ended otherwise; the mail may be tried again. */
  refused(mail: OwedMail, refusal: Refusal, sendMs: number): void;
  /** A mail will never be sent. */
  lost(mail: OwedMail, why: Loss): void;
  /** A look at a request has ended, well or not. */
  looked(): void;
  /** A write of a record was answered, or failed. */
  wrote(outcome: WriteOutcome | "failed"): void;
}

/** For whom nobody counts. */
export const unobserved: Observer = {
  accepted: () => {},
  refused: () => {},
  lost: () => {},
  looked: () => {},
  wrote: () => {},
};
