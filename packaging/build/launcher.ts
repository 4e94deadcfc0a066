/** The program of the runtime form: a shell script that starts the bundle with the Deno beside it. */

import { BUNDLE } from "./bundle.ts";
import { FLAGS } from "./flags.ts";

/** Where Deno and the bundle are: beside the launcher in the tarball, beside `bin` once installed. */
export const LIBRARY = "lib/teleport-email";

/**
 * Deno looks for a configuration and a lock file around the bundle, for updates of itself, and keeps a
 * cache in the home of the user; a service has none of that, and without a home Deno does not start.
 * `/dev/null` is a folder in which not even root can make a cache.
 */
const RUN_FLAGS = ["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-code-cache"];

/** POSIX sh. `exec`, so that the service manager's signals and its MAINPID mean the program. */
export const LAUNCHER = `#!/bin/sh
# Starts teleport-email with the Deno that stands beside it, wherever both were put.
here=$(dirname -- "$(readlink -f -- "$0")")
for library in "$here/${LIBRARY}" "\${here%/*}/${LIBRARY}"; do
  [ -f "$library/${BUNDLE}" ] || continue
  export DENO_NO_UPDATE_CHECK=1 DENO_DIR=/dev/null
  exec "$library/deno" run ${RUN_FLAGS.join(" ")} \\
    ${FLAGS.join(" \\\n    ")} \\
    "$library/${BUNDLE}" "$@"
done
echo "teleport-email: error: cannot find '${BUNDLE}' in '$here/${LIBRARY}'" \\
  "or '\${here%/*}/${LIBRARY}': install the folder '${LIBRARY}' of the tarball, too" >&2
exit 1
`;
