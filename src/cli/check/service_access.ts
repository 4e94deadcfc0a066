/** Whether the service can pass the directories above its files: root, who may run `check`, always can. */

import { dirname } from "node:path";
import type { ConfigParts } from "../../config/config.ts";
import type { Finding } from "./finding.ts";

/** Of the systemd unit; where it does not exist, the program runs as some other user. */
const GROUP = "teleport-email";
const STATE_DIR = "/var/lib/teleport-email";

/**
 * Warns about directories that only root can pass, such as Teleport's own `/var/lib/teleport`, if the
 * service is installed here.
 */
export async function* checkServiceAccess(
  configPath: string,
  config: ConfigParts,
  groupFile = "/etc/group",
): AsyncGenerator<Finding> {
  const groups = await Deno.readTextFile(groupFile).catch(() => "");
  if (!groups.split("\n").some((line) => line.startsWith(`${GROUP}:`))) return;
  const { log: _, ...rest } = config;
  const reported = new Set<string>();
  for (const path of new Set([configPath, ...absolutePathsIn(rest)])) {
    const closed = await closedDirectoryAbove(path);
    if (closed === undefined || reported.has(closed.path)) continue;
    reported.add(closed.path);
    yield {
      check: "access",
      level: "warning",
      text: `directory '${closed.path}' has mode ${closed.mode}: only root can pass it, so the ` +
        `service cannot read '${path}'`,
      remedy: `move the files to ${STATE_DIR} and change the configuration; leave a directory of ` +
        "Teleport's closed",
    };
  }
}

/** Every path that the configuration names, wherever it is in there. */
function absolutePathsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return value.startsWith("/") ? [value] : [];
  if (typeof value !== "object" || value === null || value instanceof Map) return [];
  return Object.values(value).flatMap(absolutePathsIn);
}

/** The topmost directory above `path` that belongs to root and that no other user can pass. */
async function closedDirectoryAbove(
  path: string,
): Promise<{ readonly path: string; readonly mode: string } | undefined> {
  const above: string[] = [];
  for (let dir = dirname(path); dir !== dirname(dir); dir = dirname(dir)) above.unshift(dir);
  for (const dir of above) {
    const info = await Deno.stat(dir).catch(() => undefined);
    if (info === undefined) return undefined;
    const { mode, uid } = info;
    // With an ACL, the bits of the group are its mask: if all are off, the ACL grants no access.
    if (mode !== null && uid === 0 && (mode & 0o011) === 0) {
      return { path: dir, mode: `0${(mode & 0o7777).toString(8)}` };
    }
  }
  return undefined;
}
