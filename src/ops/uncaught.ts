/**
 * The last resort for uncaught errors, which are bugs of this program or of a library. The runtime would
 * end the process at once with a stack trace, with mails in flight and leases held.
 */

import { reasonOf, singleLine } from "../text.ts";

/** EX_SOFTWARE of sysexits.h: a fault of the software, not of its configuration or environment. */
export const UNCAUGHT_EXIT_CODE = 70;

/** An uncaught error, for one line of the log. */
export interface UncaughtError {
  /** The error message. */
  readonly error: string;
  /** Where the error was created, `function (file:line:column)`; "" if unknown. */
  readonly at: string;
}

export interface UncaughtErrors extends Disposable {
  /** The number of uncaught errors. */
  readonly count: number;
  /** Receives each error; undefined exits at once. */
  handler: ((uncaught: UncaughtError) => void) | undefined;
}

/**
 * Catches otherwise uncaught errors and rejections until disposed. Without a `handler`, the first one is
 * passed to `exit`, which ends the process.
 */
export function catchUncaught(exit: (uncaught: UncaughtError) => void): UncaughtErrors {
  let count = 0;
  const caught: UncaughtErrors = {
    get count() {
      return count;
    },
    handler: undefined,
    [Symbol.dispose]: () => {
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onRejection);
    },
  };
  const handle = (event: Event, thrown: unknown) => {
    // Otherwise the runtime ends the process.
    event.preventDefault();
    count++;
    (caught.handler ?? exit)(describe(thrown));
  };
  const onError = (event: ErrorEvent) => handle(event, event.error);
  const onRejection = (event: PromiseRejectionEvent) => handle(event, event.reason);
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return caught;
}

function describe(thrown: unknown): UncaughtError {
  const name = thrown instanceof Error && thrown.name !== "Error" ? `${thrown.name}: ` : "";
  const [, at = ""] = /^\s+at (.+)$/m.exec((thrown instanceof Error && thrown.stack) || "") ?? [];
  return { error: singleLine(name + reasonOf(thrown)), at: singleLine(at) };
}
