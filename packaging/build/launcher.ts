/** The program of the runtime form: a shell script that starts the loader with the Deno beside it. */

import { copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { PROGRAM } from "../../src/version.ts";
import { runForCodeCache } from "./code_cache.ts";
import { FLAGS } from "./flags.ts";
import { CODE_CACHE, LOADER, LOADER_NAME, recorder, SCRIPT } from "./loader.ts";

/** Where Deno, the loader and the script are: beside the launcher in the tarball, beside `bin` once installed. */
const LIBRARY = "lib/teleport-email";

/**
 * Deno looks for a configuration and a lock file around the bundle, for updates of itself, and keeps a
 * cache in the home of the user; a service has none of that, and without a home Deno does not start.
 * `/dev/null` is a folder in which not even root can make a cache; on a terminal Deno would print four
 * lines about that, unless `DENO_LOG` leaves out this one subject. Why one malloc arena:
 * docs/internals/decisions/runtime.md, "Maglev is the last compiler, and malloc has one arena".
 */
const RUN_FLAGS = ["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-code-cache"];

/** POSIX sh. `exec`, so that the service manager's signals and its MAINPID mean the program. */
const LAUNCHER = `#!/bin/sh
# Starts teleport-email with the Deno that stands beside it, wherever both were put.
here=$(dirname -- "$(readlink -f -- "$0")")
for library in "$here/${LIBRARY}" "\${here%/*}/${LIBRARY}"; do
  [ -f "$library/${LOADER_NAME}" ] || continue
  export MALLOC_ARENA_MAX="\${MALLOC_ARENA_MAX:-1}"
  export DENO_NO_UPDATE_CHECK=1 DENO_DIR=/dev/null DENO_LOG=info,deno::cache=off
  exec "$library/deno" run ${RUN_FLAGS.join(" ")} \\
    ${FLAGS.join(" \\\n    ")} \\
    "$library/${LOADER_NAME}" "$@"
done
echo "teleport-email: error: cannot find '${LOADER_NAME}' in '$here/${LIBRARY}'" \\
  "or '\${here%/*}/${LIBRARY}': install the folder '${LIBRARY}' of the tarball, too" >&2
exit 1
`;

/** Where the parts of a program go. */
interface Place {
  /** The tarball's top folder. */
  readonly top: string;
  /** A folder for what is not shipped. */
  readonly work: string;
  /** The Deno at hand runs on this machine. */
  readonly isNative: boolean;
}

/**
 * Puts the runtime form into the tarball: launcher, loader, `script` and the Deno that stands at `deno`; and
 * the code cache, if that Deno runs here to record it.
 */
export async function addRuntime(
  { top, work, isNative }: Place,
  script: string,
  deno: string,
): Promise<void> {
  const library = join(top, LIBRARY);
  await mkdir(library, { recursive: true });
  await copyFile(script, join(library, SCRIPT));
  await copyFile(deno, join(library, "deno"));
  const program = join(top, PROGRAM);
  const write = async (launcher: string, loader: string) => {
    await Deno.writeTextFile(program, launcher, { mode: 0o755 });
    await Deno.writeTextFile(join(library, LOADER_NAME), loader);
  };
  if (isNative) {
    const recorded = join(work, CODE_CACHE);
    const mayRecord = LAUNCHER.replace("--allow-write=", `--allow-write=${recorded},`);
    await write(mayRecord, recorder(recorded));
    await runForCodeCache(program);
    await rename(recorded, join(library, CODE_CACHE));
  }
  await write(LAUNCHER, LOADER);
}
