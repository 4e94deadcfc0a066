/** SSH's data types (RFC 4251 §5), deliberately independent of the client's implementation. */

import { Buffer } from "node:buffer";

/** A `uint32`. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A `uint64`. */
export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** A `string`. */
export function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** An `mpint` of a positive number. */
export function mpint(value: Buffer): Buffer {
  let digits = value;
  while (digits.length > 0 && digits[0] === 0) digits = digits.subarray(1);
  return string((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/**
 * Reads values in sequence.
 *
 * @throws {RangeError} at the end of the bytes
 */
export class Reader {
  offset = 0;

  constructor(private readonly bytes: Buffer) {}

  get more(): boolean {
    return this.offset < this.bytes.length;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64BE();
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  #take(length: number): Buffer {
    const end = this.offset + length;
    if (end > this.bytes.length) throw new RangeError("SSH data ends too early");
    const bytes = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return bytes;
  }
}
