import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { leadsToJournal } from "./journal.ts";

Deno.test("leadsToJournal() compares device and inode of the stream with JOURNAL_STREAM", async () => {
  const path = await Deno.makeTempFile();
  const fd = openSync(path, "r");
  try {
    const { dev, ino } = await Deno.stat(path);
    assert.equal(leadsToJournal(fd, `${dev}:${ino}`), true);
    assert.equal(leadsToJournal(fd, `${dev}:${(ino ?? 0) + 1}`), false);
    assert.equal(leadsToJournal(fd, ""), false);
    assert.equal(leadsToJournal(fd, undefined), false);
  } finally {
    closeSync(fd);
    await Deno.remove(path);
  }
  assert.equal(leadsToJournal(999_999, "1:1"), false);
});
