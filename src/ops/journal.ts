/** Whether a stream of this process ends in systemd's journal, which adds the time on its own. */

import { fstatSync } from "node:fs";

/** `stream` is `JOURNAL_STREAM`, `<device>:<inode>` of the journal's end (systemd.exec(5)). */
export function leadsToJournal(fd: number, stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    // Closed: it leads nowhere.
    return false;
  }
}
