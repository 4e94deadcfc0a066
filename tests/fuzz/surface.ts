/** What is fuzzed: a surface at which bytes from outside come in. */

import type { Random } from "../simulation/random.ts";

export interface Surface {
  readonly name: string;
  /**
   * What the runtime may keep of each input, in KiB: it frees no closed HTTP/2 session
   * (docs/internals/decisions/runtime.md).
   *
   * @default 0
   */
  readonly keptKiB?: number;
  /**
   * Starts what takes inputs, one after the other. `apart`: peers that need much memory of their own run in
   * another process.
   */
  open(options: { readonly apart: boolean }): Promise<Lane>;
}

export interface Lane extends AsyncDisposable {
  /**
   * Feeds one input, drawn from `random`. Resolves with what the program made of it: `ok`, or the line
   * that it would log.
   *
   * @throws {Error} when the program does what it must never do
   */
  feed(random: Random): Promise<string>;
}
