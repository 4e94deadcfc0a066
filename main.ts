/** The program's entry: from arguments to a command. */

import { runCli } from "./src/cli/program.ts";

const encoder = new TextEncoder();

/** Writes all of it; a reader that has gone away is nobody's error. */
function write(stream: typeof Deno.stdout, text: string): void {
  let rest = encoder.encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

const exitCode = await runCli(Deno.args, {
  stdout: (text) => write(Deno.stdout, text),
  stderr: (text) => write(Deno.stderr, text),
}, {
  // Loaded when needed: `version` and `configure` answer at once.
  start: async (options) => (await import("./src/cli/start.ts")).start(options),
  configure: async (io) => {
    const { EXAMPLE } = await import("./src/config/example.ts");
    io.stdout(EXAMPLE);
    return 0;
  },
});
Deno.exit(exitCode);
