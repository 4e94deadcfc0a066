/** What names the daemon's metrics: guide, dashboard and alert rules. promtool looks at them, too. */

import assert from "node:assert/strict";
import { GAUGES } from "../src/daemon/gauges.ts";
import type { Facts } from "../src/daemon/report.ts";
import { Metrics } from "../src/ops/metrics.ts";
import { parse, type Scrape } from "./metrics/samples.ts";

const ROOT = new URL("../", import.meta.url);
const MONITORING = new URL("packaging/monitoring/", ROOT);

/** Everything that there is, each used at least once. */
async function everyMetric(): Promise<Scrape> {
  const facts = {
    nowMs: 1,
    startedMs: 1,
    notReady: [],
    watch: { isLive: true, sinceMs: 1 },
    isPaused: false,
    pace: { connections: 10, perSecond: 5 },
    credentials: { notBeforeMs: 1, notAfterMs: 2 },
    outbox: { pending: 1, failed: 0, oldestMs: 1 },
    queue: 0,
    unwritable: [],
    reload: { isOk: true, loadedMs: 1 },
  } as unknown as Facts;
  const metrics = new Metrics({
    read: () => facts,
    gauges: GAUGES,
    uncaught: () => 0,
    build: { version: "1.2.3", revision: "", deno: "2" },
    kinds: ["new"],
  });
  metrics.accepted("new", 10, 20);
  metrics.refused({ category: "network", retry: "transport" }, 10);
  metrics.connected("direct");
  return parse(await metrics.text());
}

/** The metric's own name, for what a histogram is made of. */
function baseOf(name: string, { metrics }: Scrape): string {
  const base = name.replace(/_(bucket|sum|count)$/, "");
  return metrics.get(base)?.type === "histogram" ? base : name;
}

function namesIn(text: string, known: Scrape): readonly string[] {
  const found = text.match(/\b(teleport_email_\w+|process_\w+)/g) ?? [];
  return [...new Set(found.map((name) => baseOf(name, known)))];
}

Deno.test("docs/operate/metrics.md lists every metric, with its type and labels", async () => {
  const guide = await Deno.readTextFile(new URL("docs/operate/metrics.md", ROOT));
  const rows = guide.split("\n").flatMap((line) => {
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""));
    const [name = "", type = "", labels = "", meaning = ""] = cells;
    return /^(teleport_email|process)_/.test(name) ? [{ name, type, labels, meaning }] : [];
  });
  assert.ok(rows.every(({ meaning }) => meaning !== ""));
  const { metrics } = await everyMetric();
  assert.deepEqual(
    rows.map(({ name, type, labels }) => `${name} ${type} ${labels}`).sort(),
    [...metrics].map(([name, { type, labels }]) => `${name} ${type} ${labels.join(", ")}`).sort(),
  );
});

Deno.test("Dashboard and alert rules name only existing metrics", async () => {
  const known = await everyMetric();
  for (const file of ["dashboard.json", "alerts.yaml", "alerts_test.yaml"]) {
    const names = namesIn(await Deno.readTextFile(new URL(file, MONITORING)), known);
    assert.deepEqual(names.filter((name) => !known.metrics.has(name)), [], file);
    assert.ok(names.length > 5, file);
  }
});

Deno.test("Every alert rule has a test that sees it fire", async () => {
  const rules = await Deno.readTextFile(new URL("alerts.yaml", MONITORING));
  const tests = await Deno.readTextFile(new URL("alerts_test.yaml", MONITORING));
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name ?? "");
  const fired = [...tests.matchAll(/- alertname: (\w+)\n.*\n +exp_alerts:\n/g)].map(([, name]) =>
    name
  );
  assert.deepEqual(alerts.filter((name) => !fired.includes(name)), []);
});

Deno.test("Every alert links to its section of the runbook", async () => {
  const rules = await Deno.readTextFile(new URL("alerts.yaml", MONITORING));
  const runbook = await Deno.readTextFile(new URL("docs/operate/alerts.md", ROOT));
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name ?? "");
  const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name ?? "");
  assert.deepEqual(sections, alerts);
  const links = [...rules.matchAll(/runbook_url: (\S+)#(\w+)$/gm)];
  assert.deepEqual(links.map(([, , name]) => name), alerts.map((name) => name.toLowerCase()));
  assert.ok(links.every(([, page]) => page?.endsWith("/docs/operate/alerts.md")));
});

/** The expressions of the dashboard as recording rules, which promtool can check. */
function asRules(dashboard: string): string {
  const expressions = [...dashboard.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)]
    .map(([, json]) => (JSON.parse(json ?? "") as string).replaceAll("$__rate_interval", "5m"));
  assert.ok(expressions.length > 20);
  const rules = expressions.map((expr, i) => ({ record: `panel:${i}`, expr }));
  return JSON.stringify({ groups: [{ name: "dashboard", rules }] });
}

async function promtool(args: readonly string[], input = ""): Promise<void> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    cwd: MONITORING,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, `promtool ${args.join(" ")}: ${said}`);
}

const hasPromtool = await promtool(["--version"]).then(() => true, (error: unknown) => {
  if (error instanceof Deno.errors.NotFound) return false;
  throw error;
});
if (!hasPromtool) {
  // deno-lint-ignore no-console -- tells why tests are skipped
  console.warn("tests by promtool are skipped: install Debian's 'prometheus'");
}

Deno.test({
  name: "promtool finds nothing wrong with metrics, alert rules and dashboard",
  ignore: !hasPromtool,
  fn: async () => {
    await promtool(["check", "rules", "alerts.yaml"]);
    await promtool(["test", "rules", "alerts_test.yaml"]);
    await promtool(["check", "metrics"], (await everyMetric()).text);
    const file = await Deno.makeTempFile({ suffix: ".yaml" });
    try {
      const dashboard = await Deno.readTextFile(new URL("dashboard.json", MONITORING));
      await Deno.writeTextFile(file, asRules(dashboard));
      await promtool(["check", "rules", file]);
    } finally {
      await Deno.remove(file);
    }
  },
});
