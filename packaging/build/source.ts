/** What is built: the version, the commit, and the time stamp that everything gets. */

import { VERSION } from "../../src/version.ts";
import { BuildError } from "./fail.ts";
import { run } from "./command.ts";

/** The top folder of the project. */
export const ROOT = new URL("../../", import.meta.url).pathname;

export interface Source {
  readonly version: string;
  /** The commit of a development build, `""` in a release. */
  readonly gitRef: string;
  /** Seconds since 1970: the same source has the same one, which makes builds reproducible. */
  readonly epoch: number;
}

/** Without a `SOURCE_DATE_EPOCH`, the time of the commit; a source without both is of 2020. */
const NO_EPOCH = 1_577_836_800;

/** `epoch` is what SOURCE_DATE_EPOCH says, see reproducible-builds.org/docs/source-date-epoch. */
export async function readSource(release: boolean, epoch: string | undefined): Promise<Source> {
  return {
    version: VERSION,
    gitRef: release ? "" : await git("describe", "--always", "--dirty", "--abbrev=12"),
    epoch: readEpoch(epoch ?? await git("log", "-1", "--format=%ct")),
  };
}

function readEpoch(text: string): number {
  if (text === "") return NO_EPOCH;
  if (!/^\d{1,11}$/.test(text)) {
    throw new BuildError(`SOURCE_DATE_EPOCH is '${text}': it must be seconds since 1970`);
  }
  return Number(text);
}

/** Empty where there is no repository, in an unpacked archive for example. */
async function git(...args: string[]): Promise<string> {
  const { code, stdout } = await run("git", args, { cwd: ROOT }).catch(() => ({
    code: 1,
    stdout: "",
  }));
  return code === 0 ? stdout.trim() : "";
}
