/** `deno task soak`: the whole program under random faults for as long as is asked for. */

import { parseArgs } from "node:util";
import { soak, type SoakReport } from "./soak.ts";

const USAGE = `Usage: deno task soak [--minutes N] [--requests N] [--seed N] [--log FILE]

Three replicas on a simulated cluster, something goes wrong every few seconds. Ends with code 1 if a
mail that was owed did not arrive, or came twice without an excuse (docs/internals/delivery.md).

  --minutes N    how long things go wrong (default: 10)
  --requests N   how many requests are made (default: 500)
  --seed N       fixes requests and faults (default: 1)
  --log FILE     where the logs of the replicas go (default: nowhere)
`;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "10" },
    requests: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
    log: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function print(report: SoakReport): void {
  const { repeats, faults, wrong } = report;
  const causes = Object.entries(repeats).map(([cause, count]) => `${cause} ${count}`).join(", ");
  write(`
requests           ${report.requests}
mails              ${report.mails}, each once
repeats            ${causes}
faults             ${[...faults.values()].reduce((sum, count) => sum + count, 0)}
replicas started   ${report.starts} times
identity renewed   ${report.renewals} times
settled            ${(report.drainMs / 1000).toFixed(0)} s after the last fault
largest replica    ${report.residentMiB.toFixed(0)} MiB
wrong              ${wrong.length}
`);
  for (const [name, count] of [...faults].sort()) write(`  ${String(count).padStart(4)} ${name}\n`);
  for (const line of wrong) write(`WRONG ${line}\n`);
}

if (values.help) write(USAGE);
else {
  using file = values.log === undefined
    ? undefined
    : Deno.openSync(values.log, { write: true, create: true, truncate: true });
  const say = (who: string, line: string) => {
    const text = `${new Date().toISOString()} ${who.padEnd(8)}${line}\n`;
    file?.writeSync(new TextEncoder().encode(text));
    if (who === "soak") write(text);
  };
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stopped.abort());
  }
  const report = await soak({
    seed: Number(values.seed),
    durationMs: Number(values.minutes) * 60_000,
    requests: Number(values.requests),
    say,
    signal: stopped.signal,
  }).catch((error) => {
    if (!stopped.signal.aborted) throw error;
  });
  if (report === undefined) Deno.exit(130);
  print(report);
  Deno.exit(report.wrong.length > 0 ? 1 : 0);
}
