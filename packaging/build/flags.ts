/** What the program may do: the flags of `deno task start`, which is the one list of them. */

import config from "../../deno.json" with { type: "json" };

/** `--no-prompt --allow-net ...`, for `deno run` and `deno compile`. */
export const FLAGS: readonly string[] = config.tasks.start.command.split(" ")
  .filter((word) => word.startsWith("--"));
