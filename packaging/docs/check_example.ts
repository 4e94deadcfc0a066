/** What `check` prints, for the pages: the program's own output on a simulated cluster with faults. */

import type { Finding } from "../../src/cli/check/finding.ts";
import { findingText, summaryText } from "../../src/cli/check/report.ts";
import { startPlayground } from "../../sim/playground/playground.ts";
import { runProgram } from "../../sim/playground/plugin_process.ts";

/** Columns of the examples, for a page without scroll bars. */
const WIDTH = 92;
/** What the front page shows of them. */
const SHORT = ["credentials", "connection.direct", "server", "mail.tls", "mail.login"];

/** Runs `check` where the identity is not renewed, rules may not be listed, and the password is wrong. */
export async function checkExample(): Promise<readonly Finding[]> {
  const dir = await Deno.makeTempDir();
  try {
    await using playground = await startPlayground({
      dir,
      clusterName: "teleport.example.com",
      identity: { ttlMs: 40 * 60_000 },
    });
    playground.cluster.roles.deny("access_monitoring_rule", true);
    const { config } = playground.paths;
    const text = await Deno.readTextFile(config);
    await Deno.writeTextFile(config, text.replace('"secret"', '"wrong"'));
    const { stdout } = await runProgram(["check", "--config", config, "--json"]);
    return namedFindings(stdout, config);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What `check --json` printed, with the names of an installation. */
export function namedFindings(json: string, config: string): readonly Finding[] {
  return JSON.parse(json).findings.map((
    { took_ms: tookMs, ...finding }: JsonFinding,
    index: number,
  ) => ({
    ...finding,
    text: named(finding.text, config),
    ...tookMs !== undefined && { tookMs: 7 + index * 17 % 40 },
  }));
}

/** The findings as `check` prints them; `shown` are those that are not left out. */
export function checkText(findings: readonly Finding[], shown = findings): string {
  return shown.map((finding) => findingText(finding, { color: false, width: WIDTH })).join("") +
    summaryText(findings);
}

/** The whole output, and the part for the front page. */
export function checkTexts(findings: readonly Finding[]): { long: string; short: string } {
  return {
    long: checkText(findings),
    short: checkText(findings, findings.filter(({ check }) => SHORT.includes(check))),
  };
}

type JsonFinding = Finding & { readonly took_ms?: number };

/** Names and times of an installation in place of this run's. */
export function named(text: string, config: string): string {
  return text.replaceAll(config, "/etc/teleport-email.toml")
    .replace(/https:\/\/localhost:\d+/g, "https://teleport.example.com")
    .replace(/'127\.0\.0\.1:(?!8080')\d+'/g, "'teleport.example.com:443'")
    .replace(/at 127\.0\.0\.1\b/g, "at 192.0.2.25")
    .replace(/'127\.0\.0\.1'/g, "'teleport.example.com'")
    .replace(/localhost:\d+/g, "smtp.example.com:587")
    .replace("CN=localhost", "CN=smtp.example.com")
    .replace("O=Simulated Mail CA, CN=Simulated Mail CA", "O=Example CA, CN=Example CA")
    .replace(/from \S+ until \S+,/, "from 2026-01-26T09:59:00Z until 2026-01-26T10:40:00Z,")
    .replace(/until \d{4}-\S+$/, "until 2026-04-20T00:00:00.000Z")
    .replace(/, (\d+ h )?\d+ min left/, (_, hours) => `, ${hours ? "11 h 38" : "38"} min left`)
    .replaceAll("sim.example.com", "teleport.example.com");
}
