/**
 * Deduplicates repeated failures in the log, of one request or of many: a warning for the first of a kind,
 * one every ten minutes while they last, and a summary at the end. Everything in between is logged at
 * debug level. Failures with the same message are of one kind.
 */

import type { Runtime } from "../runtime.ts";
import { reasonOf } from "../text.ts";

const REMIND_MS = 600_000;

interface Kind {
  readonly sinceMs: number;
  saidMs: number;
  attempts: number;
  /** Requests that have failed, and those that still do. */
  readonly all: Set<string>;
  readonly open: Set<string>;
}

export class FailureLog {
  readonly #kinds = new Map<string, Kind>();

  constructor(
    private readonly message: string,
    private readonly overMessage: string,
    private readonly deps: Pick<Runtime, "clock" | "log">,
  ) {}

  failed(id: string, failure: unknown): void {
    const error = reasonOf(failure);
    const { clock, log } = this.deps;
    const nowMs = clock.now();
    const known = this.#kinds.get(error);
    const kind = known ??
      { sinceMs: nowMs, saidMs: nowMs, attempts: 0, all: new Set(), open: new Set() };
    kind.attempts++;
    kind.all.add(id);
    kind.open.add(id);
    this.#kinds.set(error, kind);
    this.#end(id, kind);
    const fields = { "request_id": id, error };
    if (known === undefined) log.warn(this.message, fields);
    else if (nowMs - kind.saidMs < REMIND_MS) log.debug(this.message, fields);
    else {
      kind.saidMs = nowMs;
      log.warn(this.message, { ...fields, ...this.#counts(kind) });
    }
  }

  /** What was tried for the request has worked, or needs no trying any more. */
  succeeded(id: string): void {
    this.#end(id);
  }

  /** Takes the request out of all kinds of failures but `except`. */
  #end(id: string, except?: Kind): void {
    for (const [error, kind] of this.#kinds) {
      if (kind === except || !kind.open.delete(id) || kind.open.size > 0) continue;
      this.#kinds.delete(error);
      if (except === undefined) this.deps.log.info(this.overMessage, this.#counts(kind));
    }
  }

  #counts({ sinceMs, attempts, all }: Kind): Record<string, number> {
    const afterMs = this.deps.clock.now() - sinceMs;
    return { attempts, requests: all.size, after_seconds: Math.round(afterMs / 1000) };
  }
}
