/** What may make a mail come twice (docs/internals/delivery.md, "When an email is sent twice"), and when that was. */

/** The case of docs/internals/delivery.md that a fault belongs to. */
export type Cause = "no answer" | "sender died" | "overtaken";

interface Excuse {
  readonly cause: Cause;
  /** Whose mails; undefined = everybody's. */
  readonly replica: string | undefined;
  readonly fromMs: number;
  toMs: number;
  /** How many mails it excuses yet. */
  left: number;
}

/** One acceptance of a mail. */
export interface Acceptance {
  readonly replica: string;
  readonly atMs: number;
}

/**
 * What was accepted shortly before a fault may not have been written down: 200 ms and a call to the
 * cluster (docs/internals/delivery.md), which takes 3 s while the auth server is slow, and more on a busy machine.
 */
const BEFORE_MS = 5_000;
/** What was on its way to the mail server arrives yet. */
const AFTER_MS = 1_000;
/** After an outage a new connection is needed before anything can be recorded. */
const RECOVERY_MS = 15_000;
/**
 * Somebody else sends only when a lease is over. Its holder starts no mail in its last second, and it
 * counts for another 5 s (docs/internals/delivery.md); less what a mail takes on its way.
 */
const TAKEOVER_MS = 4_000;

export class Excuses {
  readonly #excuses: Excuse[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  /** Notes that something goes wrong from now on, for `mails` at most; the result ends it. */
  begin(cause: Cause, replica?: string, mails = Infinity): () => void {
    const excuse: Excuse = { cause, replica, fromMs: this.now(), toMs: Infinity, left: mails };
    this.#excuses.push(excuse);
    return () => excuse.toMs = this.now();
  }

  /** Notes that something went wrong just now. */
  note(cause: Cause, replica?: string): void {
    this.begin(cause, replica)();
  }

  /**
   * Why the mail that was accepted `first` could come `again`; undefined when it should not have. To be
   * asked once for each repeat.
   */
  take(first: Acceptance, again: Acceptance): Cause | undefined {
    const found = this.#excuses.find((excuse) =>
      coversFirst(excuse, first, again) || coversLate(excuse, first, again)
    );
    if (found !== undefined) found.left--;
    return found?.cause;
  }
}

/** The sender of the first could not record it. */
function coversFirst(
  { cause, replica, fromMs, toMs, left }: Excuse,
  first: Acceptance,
  again: Acceptance,
): boolean {
  if (left === 0) return false;
  if (replica !== undefined && replica !== first.replica) return false;
  const after = cause === "overtaken" ? RECOVERY_MS : AFTER_MS;
  if (first.atMs < fromMs - BEFORE_MS || first.atMs > toMs + after) return false;
  // Without an answer the sender itself tries again; else the lease has to be over.
  return cause === "no answer" || again.atMs - first.atMs >= TAKEOVER_MS;
}

/**
 * The other way round: what was on its way when the fault began arrives when it is over, after the replica
 * that took the lease meanwhile has sent it. Nothing that was not on its way leaves then.
 */
function coversLate(
  { cause, replica, fromMs, toMs, left }: Excuse,
  first: Acceptance,
  again: Acceptance,
): boolean {
  if (left === 0 || cause === "sender died" || first.replica === again.replica) return false;
  if (replica !== undefined && replica !== again.replica) return false;
  return first.atMs >= fromMs + TAKEOVER_MS && again.atMs >= first.atMs &&
    again.atMs <= toMs + AFTER_MS;
}
