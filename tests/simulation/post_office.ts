/** The mail server of a simulation. */

import type { Receipt, Refusal } from "../../src/mail/transport.ts";
import type { Ledger, Sending } from "./ledger.ts";
import type { Random } from "./random.ts";

const OK = { ok: true, response: "250 ok" } as const;

export class PostOffice {
  /** The probability that a mail is refused temporarily, and permanently. */
  laterRate = 0;
  neverRate = 0;
  isDown = false;
  /** Mails that are refused permanently are refused at every attempt. */
  readonly #never = new Map<string, boolean>();

  constructor(private readonly ledger: Ledger, private readonly random: Random) {}

  verify(): Receipt {
    return this.isDown ? DOWN : { ...OK, messageId: "" };
  }

  receive(sending: Sending): Receipt {
    const refusal = this.#refusal(`${sending.request}/${sending.mail}`);
    if (refusal !== undefined) {
      if (sending.state === "under way") sending.state = "refused";
      return refusal;
    }
    this.ledger.accept(sending);
    return { ...OK, messageId: sending.message.messageId };
  }

  #refusal(mail: string): Refusal | undefined {
    if (this.isDown) return DOWN;
    const never = this.#never.get(mail) ?? this.random.chance(this.neverRate);
    this.#never.set(mail, never);
    if (never) return { ok: false, category: "recipient", retry: "never", error: "550 unknown" };
    if (!this.random.chance(this.laterRate)) return undefined;
    return this.random.chance(0.7)
      ? { ok: false, category: "server", retry: "later", error: "451 try again later" }
      : { ok: false, category: "rate-limit", retry: "transport", error: "421 too busy" };
  }
}

const DOWN: Refusal = { ok: false, category: "network", retry: "transport", error: "refused" };
