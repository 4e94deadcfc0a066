/** Reads and writes SSH wire data types (RFC 4251 §5); checks every length. */

import { Buffer } from "node:buffer";
import { ClusterError } from "../../errors.ts";

/** The error for data that violates its format. */
export function malformed(what: string): ClusterError {
  return new ClusterError("credentials", `the SSH data is damaged: ${what}`);
}

/**
 * Reads values in sequence. Buffers it returns are views of the input.
 *
 * @throws {ClusterError} of kind `credentials` from any method when the bytes do not contain its type
 */
export class SshReader {
  #offset = 0;

  constructor(private readonly bytes: Buffer) {}

  /** How many bytes have been read. */
  get offset(): number {
    return this.#offset;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.bytes.length;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64BE();
  }

  /** A `string`: a length and that many bytes. */
  binary(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    const bytes = this.binary();
    const text = bytes.toString("utf8");
    // Different byte strings must not decode to the same name.
    if (!Buffer.from(text).equals(bytes)) throw malformed("a text is not UTF-8");
    return text;
  }

  /** A positive `mpint` without leading zeros. */
  positiveInteger(): Buffer {
    const bytes = this.binary();
    if (((bytes[0] ?? 0) & 0x80) !== 0) throw malformed("a number is negative");
    const start = bytes.findIndex((byte) => byte !== 0);
    if (start < 0) throw malformed("a number is zero");
    return bytes.subarray(start);
  }

  end(): void {
    if (!this.isAtEnd) throw malformed("bytes are left over");
  }

  #take(length: number): Buffer {
    if (length > this.bytes.length - this.#offset) throw malformed("it ends too early");
    const start = this.#offset;
    this.#offset += length;
    return this.bytes.subarray(start, this.#offset);
  }
}

/** A `string` of RFC 4251. */
export function sshString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive number as `mpint`: no leading zeros except the one that keeps it positive. */
export function sshPositiveInteger(value: Buffer): Buffer {
  const start = value.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.alloc(0) : value.subarray(start);
  const isNegative = ((digits[0] ?? 0) & 0x80) !== 0;
  return sshString(isNegative ? Buffer.concat([Buffer.of(0), digits]) : digits);
}
