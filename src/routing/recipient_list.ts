/** The recipients of one decision while they are gathered. */

import { truncate } from "../text.ts";
import type { LeftOut, RoutedRecipient } from "./trace.ts";

/** RFC 5321 §4.5.3.1.3, without the angle brackets. */
export const MAX_ADDRESS_LENGTH = 254;

/**
 * Recipients in the order in which they were named, each with all that named it. Addresses that differ
 * only in case are one recipient, because hardly any mail server distinguishes them; the first spelling is
 * used.
 */
export class RecipientList {
  readonly #byAddress = new Map<string, { readonly address: string; readonly because: string[] }>();
  readonly #leftOut: LeftOut[] = [];

  /** `syntax` says whether a text is an email address without a display name. */
  constructor(private readonly syntax: (text: string) => boolean) {}

  /** Whether a text can be mailed. */
  isAddress(text: string): boolean {
    return text.length <= MAX_ADDRESS_LENGTH && this.syntax(text);
  }

  /** Adds what is an address, and leaves out what is not; returns whether it was one. */
  add(recipient: string, because: string): boolean {
    if (!this.isAddress(recipient)) {
      this.leaveOut(recipient, because, "not an email address");
      return false;
    }
    const key = recipient.toLowerCase();
    const known = this.#byAddress.get(key);
    if (known === undefined) this.#byAddress.set(key, { address: recipient, because: [because] });
    else if (!known.because.includes(because)) known.because.push(because);
    return true;
  }

  /** Removes an address unless it is the only one; returns whether it was removed. */
  withdraw(recipient: string, reason: string): boolean {
    const key = recipient.toLowerCase();
    const known = this.#byAddress.get(key);
    if (known === undefined || this.#byAddress.size === 1) return false;
    this.#byAddress.delete(key);
    this.leaveOut(known.address, known.because.join("; "), reason);
    return true;
  }

  leaveOut(recipient: string, because: string, reason: string): void {
    this.#leftOut.push({ recipient: truncate(recipient, MAX_ADDRESS_LENGTH), because, reason });
  }

  get recipients(): readonly RoutedRecipient[] {
    return [...this.#byAddress.values()].map(({ address, because }) => ({
      address,
      because: because.join("; "),
    }));
  }

  get leftOut(): readonly LeftOut[] {
    return this.#leftOut;
  }
}
