/** The program's entry: from arguments to a command. */

import { fileFault } from "./src/text.ts";
import { runCli } from "./src/cli/program.ts";
import { systemClock } from "./src/clock.ts";
import { narrowEnvironment } from "./src/environment.ts";
import { gatherEntropy } from "./src/net/entropy.ts";
import { listenForSignals } from "./src/ops/signals.ts";
import { catchUncaught, UNCAUGHT_EXIT_CODE, type UncaughtError } from "./src/ops/uncaught.ts";
import { PROGRAM } from "./src/version.ts";

const encoder = new TextEncoder();

/** Writes all of it; a closed pipe is not an error. Any other failure ends the program. */
function write(stream: typeof Deno.stdout, text: string): void {
  let rest = encoder.encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    if (stream !== Deno.stderr) {
      write(Deno.stderr, `${PROGRAM}: error: cannot write the output: ${fileFault(error)}\n`);
    }
    Deno.exit(1);
  }
}

/** Ends the program after a bug that leaves nothing to finish. */
function exitAfterUncaught({ error, at }: UncaughtError): never {
  const where = at === "" ? "" : ` at ${at}`;
  write(Deno.stderr, `${PROGRAM}: error: Unexpected error: ${error}${where}\n`);
  Deno.exit(UNCAUGHT_EXIT_CODE);
}

const uncaught = catchUncaught(exitAfterUncaught);
narrowEnvironment();
// No await at the top: one of the two bundles is CommonJS, which has none.
runCli(Deno.args, {
  stdout: (text) => write(Deno.stdout, text),
  stderr: (text) => write(Deno.stderr, text),
}, {
  // The other commands load their actions themselves: `version` answers at once.
  start: async (options) => {
    gatherEntropy();
    // Loading takes a while, in which a signal must not kill the process.
    using signals = listenForSignals(systemClock);
    return await (await import("./src/cli/start.ts")).start(options, signals, uncaught);
  },
}).then((exitCode) => Deno.exit(exitCode));
