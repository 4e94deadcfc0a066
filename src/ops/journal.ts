/** Detects whether a stream of this process goes to systemd's journal, which adds time stamps. */

import { fstatSync } from "node:fs";

/** `stream` is `JOURNAL_STREAM`, `<device>:<inode>` of the journal's end (systemd.exec(5)). */
export function leadsToJournal(fd: number, stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    // The stream is closed.
    return false;
  }
}
