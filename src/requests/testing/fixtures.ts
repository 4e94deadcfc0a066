/** What the tests of this folder share: a clock that is moved by hand, requests and records. */

import type { Clock } from "../../clock.ts";
import type { Log, LogFields } from "../../log.ts";
import type { AccessRequest } from "../../teleport/access_request/read.ts";
import type { MailKind, OwedMail } from "../record/outbox.ts";
import type { PluginRecord } from "../record/record.ts";

export const NOW_MS = Date.parse("2026-11-24T12:00:00Z");

export function aRequest(changes: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: "r1",
    user: "alice@example.com",
    roles: ["dev"],
    state: "PENDING",
    createdMs: NOW_MS - 60_000,
    reason: "deploy",
    resolveReason: "",
    reviews: [],
    suggestedReviewers: [],
    ...changes,
  };
}

export function aRecord(changes: Partial<PluginRecord> = {}): PluginRecord {
  return {
    user: "alice@example.com",
    roles: ["dev"],
    requestReason: "deploy",
    reviewsCount: 0,
    resolution: "",
    resolveReason: "",
    threads: [],
    foreignThreads: [],
    owed: [],
    failed: [],
    ...changes,
  };
}

export function owed(kind: MailKind, to: string, index = 0): OwedMail {
  return { kind, to, index, sinceMs: NOW_MS, attempts: 0, notBeforeMs: 0 };
}

/** Time that stands still until it is moved. */
export class FakeClock implements Clock {
  #nowMs: number;
  #timers: { atMs: number; readonly action: () => void }[] = [];

  constructor(nowMs = NOW_MS) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Sets the time of day, forward or back; timers run on, as they do in a process. */
  set(nowMs: number): void {
    const shiftMs = nowMs - this.#nowMs;
    this.#timers = this.#timers.map((timer) =>
      Object.assign(timer, { atMs: timer.atMs + shiftMs })
    );
    this.#nowMs = nowMs;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Moves on by `ms`, firing what becomes due in order, and lets everything settle in between. */
  async tick(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settleDown();
    for (;;) {
      const next = this.#timers.reduce<{ atMs: number; action: () => void } | undefined>(
        (first, timer) => first === undefined || timer.atMs < first.atMs ? timer : first,
        undefined,
      );
      if (next === undefined || next.atMs > endMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
      await settleDown();
    }
    this.#nowMs = endMs;
  }
}

/** Lets every promise that can go on do so. */
export async function settleDown(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

export interface LogLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
export function fakeLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const level = (name: keyof Log) => (message: string, fields: LogFields = {}) => {
    lines.push({ level: name, message, fields });
  };
  return {
    lines,
    trace: level("trace"),
    debug: level("debug"),
    info: level("info"),
    warn: level("warn"),
    error: level("error"),
  };
}
