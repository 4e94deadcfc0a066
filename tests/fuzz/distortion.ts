/** Bytes that are almost right, which leads deeper into a parser than random ones. */

import { Buffer } from "node:buffer";
import type { Random } from "../simulation/random.ts";

/** Values at which lengths and counts go wrong. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff] as const;

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.int(0, 255)));
}

/** The bytes with one to four faults; now and then unchanged, or nothing but noise. */
export function distort(random: Random, bytes: Uint8Array): Buffer {
  let result: Buffer = Buffer.from(bytes);
  if (random.chance(0.05)) return result;
  if (random.chance(0.05)) return randomBytes(random, random.int(0, 300));
  for (let faults = random.int(1, 4); faults > 0; faults--) result = distortOnce(random, result);
  return result;
}

function distortOnce(random: Random, bytes: Buffer): Buffer {
  const at = random.int(0, bytes.length);
  const some = random.int(1, random.chance(0.1) ? 2000 : 8);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.pick(["flip", "edge", "cut", "drop", "insert", "repeat"])) {
    case "flip":
    case "edge": {
      const copy = Buffer.from(bytes);
      const edge = random.pick(EDGES);
      if (at < copy.length) {
        copy[at] = random.chance(0.5) ? edge : (copy[at] ?? 0) ^ (1 << random.int(0, 7));
      }
      return copy;
    }
    case "cut":
      return before;
    case "drop":
      return Buffer.concat([before, after.subarray(some)]);
    case "insert":
      return Buffer.concat([before, randomBytes(random, some), after]);
    case "repeat":
      return Buffer.concat([before, after.subarray(0, some), after]);
  }
}

/** The same for text, whose faults keep it text. */
export function distortText(random: Random, text: string): string {
  if (random.chance(0.3)) return distort(random, Buffer.from(text)).toString();
  const lines = text.split("\n");
  for (let faults = random.int(1, 3); faults > 0; faults--) {
    const at = random.int(0, Math.max(0, lines.length - 1));
    const line = lines[at] ?? "";
    switch (random.pick(["drop", "repeat", "swap", "shorten", "flip"])) {
      case "drop":
        lines.splice(at, random.int(1, 3));
        break;
      case "repeat":
        lines.splice(at, 0, ...lines.slice(at, at + random.int(1, 20)));
        break;
      case "swap":
        lines.splice(random.int(0, lines.length), 0, ...lines.splice(at, random.int(1, 5)));
        break;
      case "shorten":
        lines[at] = line.slice(0, random.int(0, line.length));
        break;
      case "flip":
        lines[at] = distort(random, Buffer.from(line)).toString("latin1");
    }
  }
  return lines.join("\n");
}

/** How a distorted stream ends: not at all, or with the connection. */
export type Ending = "goes on" | "ends" | "resets";

/** A stream of bytes that goes wrong at some point. */
export class Distortion {
  #left: number;
  #isDone = false;
  readonly ending: Ending;

  constructor(private readonly random: Random) {
    // Most of a handshake is in its first kilobytes.
    this.#left = random.chance(0.05) ? Infinity : random.int(0, random.pick([50, 500, 4000]));
    this.ending = random.pick(["goes on", "ends", "ends", "ends", "resets"]);
  }

  /** Whether it has gone wrong. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** What becomes of the next piece. */
  apply(piece: Buffer): Buffer {
    if (this.#isDone || piece.length <= this.#left) {
      this.#left -= piece.length;
      return piece;
    }
    this.#isDone = true;
    const [before, after] = [piece.subarray(0, this.#left), piece.subarray(this.#left)];
    return Buffer.concat([before, distortOnce(this.random, after)]);
  }
}
