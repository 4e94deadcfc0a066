/** Notices a refusal that names one recipient and concerns the transport all the same. */

import type { Refusal } from "../../mail/transport.ts";

/** So many recipients in a row are no coincidence. */
const RECIPIENTS = 3;

export class RefusalStreak {
  #signature: string | undefined;
  readonly #recipients = new Set<string>();

  /** Returns whether as many recipients in a row have met this kind of refusal, with no mail accepted between. */
  isOneTooMany({ signature, retry }: Refusal, recipient: string): boolean {
    if (signature === undefined || retry === "never") return false;
    if (signature !== this.#signature) this.accepted();
    this.#signature = signature;
    if (this.#recipients.size < RECIPIENTS) this.#recipients.add(recipient);
    return this.#recipients.size >= RECIPIENTS;
  }

  /** A mail was accepted: the transport works. */
  accepted(): void {
    this.#signature = undefined;
    this.#recipients.clear();
  }
}
