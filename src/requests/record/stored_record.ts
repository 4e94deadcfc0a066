/** The record of one request as it is known to stand in Teleport, and the one way to change it. */

import type { Clock } from "../../clock.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { type Observer, unobserved } from "../observer.ts";
import type { Cluster, WriteOutcome } from "../ports.ts";
import {
  changes,
  decodeRecord,
  type EncodedRecord,
  encodeRecord,
  expectation,
  type PluginRecord,
  type RawRecord,
  RECORD_KEYS,
  type RecordValues,
  storedForm,
} from "./record.ts";
import { reasonOf } from "../../text.ts";

/** A record that the cluster refuses to change, since when, and how often. */
export interface WriteRefusal {
  readonly error: string;
  readonly sinceMs: number;
  readonly attempts: number;
}

/** Whether the same write fails again until an operator intervenes. */
export function isWriteRefused(error: unknown): boolean {
  return error instanceof ClusterError && error.kind !== "unavailable";
}

/** The values where there is no record. */
const ABSENT = expectation({});

export class StoredRecord {
  /** The values in Teleport, as far as they are known. */
  #values: RecordValues | undefined;
  /** The last encoding that was made here. */
  #encoded: EncodedRecord | undefined;
  #problems: readonly string[] = [];
  #record: PluginRecord | undefined;
  #version = 0;
  #refusal: WriteRefusal | undefined;

  constructor(
    private readonly id: string,
    private readonly cluster: Pick<Cluster, "readRecord" | "writeRecord">,
    private readonly clock: Pick<Clock, "now">,
    private readonly observer: Pick<Observer, "recordWritten"> = unobserved,
  ) {}

  /** Why the record cannot be written; undefined unless the last write was refused. */
  get refusal(): WriteRefusal | undefined {
    return this.#refusal;
  }

  /** False until the record was read, written or given. */
  get isKnown(): boolean {
    return this.#values !== undefined;
  }

  /** The decoded record; undefined when there is none, or none is known. */
  get record(): PluginRecord | undefined {
    return this.#record;
  }

  /** What could not be understood in it. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Changes whenever something newer is known. */
  get version(): number {
    return this.#version;
  }

  /** Takes what a listing said. */
  set(raw: RawRecord): void {
    this.#version++;
    this.#values = expectation(raw);
    ({ record: this.#record, problems: this.#problems } = decodeRecord(raw));
  }

  async load(signal: AbortSignal): Promise<void> {
    this.set(await this.cluster.readRecord(this.id, signal));
  }

  /** Whether writing `next` would change anything. */
  differsFrom(next: PluginRecord): boolean {
    const values = this.#values ?? ABSENT;
    const { values: nextValues } = this.#encode(next);
    return RECORD_KEYS.some((key) => values[key] !== nextValues[key]);
  }

  /**
   * Writes `next` if the record is still as known here; an unknown record is taken to be absent, so
   * that creating needs no read. After `conflict` the caller loads and thinks again.
   */
  async write(next: PluginRecord, signal: AbortSignal): Promise<WriteOutcome> {
    const values = this.#values ?? ABSENT;
    const encoded = this.#encode(next);
    const set = changes(values, encoded.values);
    const { cluster, observer } = this;
    let outcome: WriteOutcome | "failed" = "failed";
    try {
      outcome = await cluster.writeRecord(this.id, set, values, signal);
    } catch (error) {
      this.#failed(error);
      throw error;
    } finally {
      observer.recordWritten(outcome);
    }
    if (outcome === "written") {
      this.#refusal = undefined;
      this.#written(encoded);
    }
    return outcome;
  }

  #encode(record: PluginRecord): EncodedRecord {
    return this.#encoded = { record, values: encodeRecord(record, this.#encoded) };
  }

  /** Takes what was written for what is stored, without decoding what has just been encoded. */
  #written(encoded: EncodedRecord): void {
    this.#version++;
    this.#values = encoded.values;
    this.#record = storedForm(encoded);
    this.#problems = [];
    this.#encoded = this.#record && { record: this.#record, values: encoded.values };
  }

  #failed(error: unknown): void {
    if (!isWriteRefused(error)) return;
    const { sinceMs = this.clock.now(), attempts = 0 } = this.#refusal ?? {};
    const message = reasonOf(error);
    this.#refusal = { error: message, sinceMs, attempts: attempts + 1 };
  }
}
