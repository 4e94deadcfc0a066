/** What sends one owed mail: renders it from the latest state and hands it to the transport. */

import type { SharedWords } from "../../mail/content/shared_words.ts";
import type { Receipt } from "../../mail/transport.ts";
import type { AccessRequest } from "../../teleport/access_request/read.ts";
import type { OwedMail } from "../record/outbox.ts";
import type { Snapshot } from "../plan.ts";
import type { PluginRecord } from "../record/record.ts";

export interface MailJob {
  /** The request's id. */
  readonly id: string;
  readonly mail: OwedMail;
  readonly snapshot: Snapshot;
  /** The request as it was last seen, also when it is gone; undefined when it never was. */
  readonly lastKnown: AccessRequest | undefined;
  readonly record: PluginRecord;
  /** The same map for emails that are sent side by side: what they share is composed once. */
  readonly batch?: BatchWords;
}

/** Words for all recipients of an email, by what else they depend on. */
export type BatchWords = Map<string, ComposedWords>;

export interface ComposedWords {
  readonly atMs: number;
  /** Undefined where each recipient has words of their own. */
  readonly words: SharedWords | undefined;
}

/** `messageId` without angle brackets, also where the mail was refused. */
export type Delivery = Receipt & { readonly messageId: string };

export interface Mailer {
  /**
   * Never rejects; aborting `signal` gives a refusal of category `cancelled`, and so does `mayStart`, which
   * is called immediately before the content leaves, when it returns false.
   */
  send(job: MailJob, signal: AbortSignal, mayStart?: () => boolean): Promise<Delivery>;
}
