/** The program of the runtime form: a shell script that starts the bundle with the Deno beside it. */

import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PROGRAM } from "../../src/version.ts";
import { SCRIPT } from "./bundle.ts";
import { FLAGS } from "./flags.ts";

/** Where Deno, the loader and the script are: beside the launcher in the tarball, beside `bin` once installed. */
const LIBRARY = "lib/teleport-email";

const LOADER_NAME = "teleport-email.js";
/**
 * Deno reads a module a first time to see what it imports, and forgets it where there is no cache: that
 * takes 0.2 s and keeps 50 MB. A script that a module requires is read once.
 */
const LOADER = `import { createRequire } from "node:module";
createRequire(import.meta.url)("./${SCRIPT}");
`;

/**
 * Deno looks for a configuration and a lock file around the bundle, for updates of itself, and keeps a
 * cache in the home of the user; a service has none of that, and without a home Deno does not start.
 * `/dev/null` is a folder in which not even root can make a cache; on a terminal Deno would print four
 * lines about that, unless `DENO_LOG` leaves out this one subject.
 */
const RUN_FLAGS = ["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-code-cache"];

/** POSIX sh. `exec`, so that the service manager's signals and its MAINPID mean the program. */
const LAUNCHER = `#!/bin/sh
# Starts teleport-email with the Deno that stands beside it, wherever both were put.
here=$(dirname -- "$(readlink -f -- "$0")")
for library in "$here/${LIBRARY}" "\${here%/*}/${LIBRARY}"; do
  [ -f "$library/${LOADER_NAME}" ] || continue
  export DENO_NO_UPDATE_CHECK=1 DENO_DIR=/dev/null DENO_LOG=info,deno::cache=off
  exec "$library/deno" run ${RUN_FLAGS.join(" ")} \\
    ${FLAGS.join(" \\\n    ")} \\
    "$library/${LOADER_NAME}" "$@"
done
echo "teleport-email: error: cannot find '${LOADER_NAME}' in '$here/${LIBRARY}'" \\
  "or '\${here%/*}/${LIBRARY}': install the folder '${LIBRARY}' of the tarball, too" >&2
exit 1
`;

/** Puts the runtime form into the folder `top`: the script, and the Deno that stands at `deno`. */
export async function addRuntime(top: string, script: string, deno: string): Promise<void> {
  const library = join(top, LIBRARY);
  await mkdir(library, { recursive: true });
  await copyFile(script, join(library, SCRIPT));
  await copyFile(deno, join(library, "deno"));
  await Deno.writeTextFile(join(library, LOADER_NAME), LOADER);
  await Deno.writeTextFile(join(top, PROGRAM), LAUNCHER, { mode: 0o755 });
}
