/** The commands, in the order in which help lists them. */

import { CHECK } from "./commands/check.ts";
import { COMPLETION } from "./commands/completion.ts";
import { CONFIGURE } from "./commands/configure.ts";
import { HEALTH } from "./commands/health.ts";
import { PREVIEW } from "./commands/preview.ts";
import { ROUTE } from "./commands/route.ts";
import { START } from "./commands/start.ts";
import { STATUS } from "./commands/status.ts";
import { TEMPLATES } from "./commands/templates.ts";
import { TEST_MAIL } from "./commands/test_mail.ts";
import { PROGRAM, versionLine } from "../version.ts";
import type { Definition } from "./definition.ts";

const VERSION: Definition = {
  name: "version",
  summary: `Prints ${PROGRAM} version and exits.`,
  details: [],
  example: "teleport-email version",
  define: (command, { io }) => {
    command.action(() => io.stdout(`${versionLine()}\n`));
  },
};

/** All commands but `help`. */
export const DEFINITIONS: readonly Definition[] = [
  CONFIGURE,
  VERSION,
  START,
  CHECK,
  TEST_MAIL,
  PREVIEW,
  TEMPLATES,
  ROUTE,
  STATUS,
  HEALTH,
  COMPLETION,
];
