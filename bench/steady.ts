/**
 * `deno run -A bench/steady.ts [MINUTES [REQUESTS_PER_SECOND]]`: does the real program stay small, and
 * does every mail come once? Plays whole requests (mail, review, approval, deletion) at a steady rate,
 * and prints resident memory and open files over time.
 */

import { startPlayground } from "../sim/playground/playground.ts";
import { PluginProcess } from "../sim/playground/plugin_process.ts";
import { RequestState } from "../src/teleport/generated/types_pb.ts";

const [minutes = 10, perSecond = 20] = Deno.args.map(Number);
const SAMPLE_MS = 15_000;
/** What happens to a request, and how long after it was made. */
const REVIEW_MS = 1000;
const APPROVAL_MS = 2000;
const DELETION_MS = 10_000;

const dir = await Deno.makeTempDir({ prefix: "teleport-email-steady-" });
try {
  await using playground = await startPlayground({
    dir,
    roleToRecipients: { "*": ["a@example.com"] },
  });
  const { cluster, mail } = playground;
  await using plugin = new PluginProcess(playground.paths.config);
  await plugin.waitFor(/Plugin is ready/);

  const startMs = Date.now();
  const endMs = startMs + minutes * 60_000;
  const counts = { requests: 0, mails: 0, repeated: 0 };
  const messageIds = new Set<string>();
  const resolved = new Set<string>();
  const later = new Set<ReturnType<typeof setTimeout>>();
  const at = (ms: number, action: () => void) => {
    const timer = setTimeout(() => {
      later.delete(timer);
      action();
    }, ms);
    later.add(timer);
  };
  const play = () => {
    const roles = [`role-${counts.requests++ % 50}`];
    const request = cluster.create({ user: "alice@example.com", roles, reason: "r".repeat(500) });
    const id = request.Metadata?.Name ?? "";
    const state = RequestState.APPROVED;
    at(REVIEW_MS, () => cluster.review(id, { author: "bob@example.com", state, reason: "ok" }));
    at(APPROVAL_MS, () => cluster.setState(id, state, { reason: "go" }));
    at(DELETION_MS, () => cluster.delete(id));
  };
  const sample = async () => {
    for (const { parsed } of mail.mails) {
      counts.mails++;
      if (messageIds.has(parsed.messageId ?? "")) counts.repeated++;
      messageIds.add(parsed.messageId ?? "");
      if (parsed.text?.startsWith("Role Request has been")) resolved.add(parsed.subject ?? "");
    }
    mail.mailbox.clear();
    // What it logged is not of interest here and would fill this process.
    plugin.lines.length = 0;
    const seconds = Math.round((Date.now() - startMs) / 1000);
    const { rssMiB, files } = await look(plugin.pid);
    say(
      `${seconds} s: ${rssMiB.toFixed(1)} MiB, ${files} open files, ${counts.requests} requests, ` +
        `${counts.mails} mails`,
    );
  };
  await sample();
  let nextSampleMs = startMs + SAMPLE_MS;
  while (Date.now() < endMs) {
    const due = (Date.now() - startMs) / 1000 * perSecond;
    while (counts.requests < due) play();
    if (Date.now() >= nextSampleMs) {
      nextSampleMs += SAMPLE_MS;
      await sample();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  while (later.size > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  await new Promise((resolve) => setTimeout(resolve, 5000));
  say("at rest:");
  await sample();
  // On a machine that cannot keep up, decisions overtake first mails and reviews.
  say(`${counts.requests * 3} mails were due, ${counts.repeated} came twice`);
  say(`${counts.requests - resolved.size} requests ended without a word`);
} finally {
  await Deno.remove(dir, { recursive: true });
}

/** proc(5). */
async function look(pid: number): Promise<{ readonly rssMiB: number; readonly files: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const files = await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`));
  return { rssMiB: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024, files: files.length };
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
