/** Collects the recipients of one decision. */

import { truncate } from "../text.ts";
import { type LeftOut, ROUTED_EVENTS, type RoutedEvent, type RoutedRecipient } from "./trace.ts";

/** RFC 5321 §4.5.3.1.3, without the angle brackets. */
export const MAX_ADDRESS_LENGTH = 254;

/** The kinds of email that one source gives to its recipients. */
export interface Emails {
  /** The kind that is being routed. */
  readonly event: RoutedEvent;
  /** Kinds that follow it, unless a silent route stops them. */
  readonly following: ReadonlySet<RoutedEvent>;
}

/** Recipients of the first email get every email. */
export const EVERY_EMAIL: Emails = { event: "new", following: new Set(ROUTED_EVENTS) };

interface Entry {
  readonly address: string;
  readonly because: string[];
  readonly routed: Set<RoutedEvent>;
  readonly following: Set<RoutedEvent>;
}

/**
 * Recipients in the order in which they were named, each with all that named it. Addresses that differ
 * only in case are one recipient, because hardly any mail server distinguishes them; the first spelling is
 * used.
 */
export class RecipientList {
  readonly #byAddress = new Map<string, Entry>();
  readonly #leftOut = new Map<string, LeftOut>();

  /** `syntax` says whether a text is an email address without a display name. */
  constructor(private readonly syntax: (text: string) => boolean) {}

  /** Whether a text can be mailed. */
  isAddress(text: string): boolean {
    return text.length <= MAX_ADDRESS_LENGTH && this.syntax(text);
  }

  /** Adds an address, and leaves out other texts; returns whether it was an address. */
  add(recipient: string, because: string, { event, following } = EVERY_EMAIL): boolean {
    if (!this.isAddress(recipient)) {
      this.leaveOut(recipient, because, "not an email address");
      return false;
    }
    const key = recipient.toLowerCase();
    const entry = this.#byAddress.get(key) ??
      { address: recipient, because: [], routed: new Set(), following: new Set() };
    this.#byAddress.set(key, entry);
    if (!entry.because.includes(because)) entry.because.push(because);
    entry.routed.add(event);
    for (const other of following) entry.following.add(other);
    return true;
  }

  /** Stops emails of a kind that follow the first email. */
  silence(event: RoutedEvent): void {
    for (const { following } of this.#byAddress.values()) following.delete(event);
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

  /** Notes what was named and gets no email, once for each source. */
  leaveOut(recipient: string, because: string, reason: string): void {
    const leftOut = { recipient: truncate(recipient, MAX_ADDRESS_LENGTH), because, reason };
    this.#leftOut.set(JSON.stringify(leftOut), leftOut);
  }

  get recipients(): readonly RoutedRecipient[] {
    return [...this.#byAddress.values()].map(({ address, because, routed, following }) => ({
      address,
      because: because.join("; "),
      emails: ROUTED_EVENTS.filter((event) => routed.has(event) || following.has(event)),
    }));
  }

  get leftOut(): readonly LeftOut[] {
    return [...this.#leftOut.values()];
  }
}
