import type { Commands } from "../../src/cli/definition.ts";

const NEVER = () => Promise.reject(new Error("only help is asked for"));

/** For asking the program for its help: no command may run. */
export const NO_COMMANDS: Commands = {
  start: NEVER,
  configure: NEVER,
  check: NEVER,
  testMail: NEVER,
  preview: NEVER,
  templates: NEVER,
  route: NEVER,
  status: NEVER,
  health: NEVER,
};
