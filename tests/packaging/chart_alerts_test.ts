/** The chart's alert rules: they are about their own installation, whatever others there are. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { stringify } from "yaml";
import { render } from "./support/chart.ts";
import { run } from "./support/command.ts";
import { findPromtool } from "./support/tools.ts";
import { chartTest } from "./support/with_helm.ts";

const ON = "metrics.rules.enabled=true";

async function rulesOf(helm: string, set: readonly string[] = [], release = "release-name") {
  const { groups } =
    (await render(helm, { release, set: [ON, ...set] })).get("PrometheusRule").spec;
  return groups.flatMap(({ rules }: { rules: unknown }) => rules);
}

chartTest("two installations beside each other have alerts of their own", async (helm) => {
  const promtool = await findPromtool();
  if (!promtool.ok) {
    // deno-lint-ignore no-console -- for developers running the tests
    console.warn(`alerts of two installations are not tried: ${promtool.why}`);
    return;
  }
  const dir = await Deno.makeTempDir();
  try {
    // The second one's name begins with the first one's.
    const releases = ["email", "email-eu"];
    for (const release of releases) {
      const fullname = `fullnameOverride=${release}`;
      const { spec } = (await render(helm, { release, set: [ON, fullname] })).get("PrometheusRule");
      await Deno.writeTextFile(join(dir, `${release}.yaml`), stringify(spec));
    }
    const series = (metric: string, pod: string, values: string) => ({
      series: `${metric}{namespace="namespace", pod="${pod}", job="namespace/x"}`,
      values,
    });
    const [broken, healthy] = ["email-6d4cf56db6-abcde", "email-eu-6d4cf56db6-fghij"];
    const fired = 'count by (alertname) (ALERTS{alertstate="firing"})';
    await Deno.writeTextFile(
      join(dir, "test.yaml"),
      stringify({
        rule_files: releases.map((release) => `${release}.yaml`),
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: [
              series("teleport_email_ready", broken, "0x60"),
              series("teleport_email_build_info", broken, "1x60"),
              series("teleport_email_ready", healthy, "1x60"),
              series("teleport_email_build_info", healthy, "1x60"),
            ],
            promql_expr_test: [{
              expr: fired,
              eval_time: "50m",
              exp_samples: ["TeleportEmailNotReady", "TeleportEmailReplicaNotReady"]
                .map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
            }],
          },
          {
            interval: "1m",
            input_series: [
              series("teleport_email_build_info", broken, "1x10 stale"),
              series("teleport_email_build_info", healthy, "1x60"),
            ],
            promql_expr_test: [{
              expr: fired,
              eval_time: "50m",
              exp_samples: [{ labels: '{alertname="TeleportEmailGone"}', value: 1 }],
            }],
          },
        ],
      }),
    );
    const checked = await run([promtool.path, "check", "rules", "email.yaml"], { cwd: dir });
    assert.ok(checked.ok, checked.stdout + checked.stderr);
    const tested = await run([promtool.path, "test", "rules", "test.yaml"], { cwd: dir });
    assert.ok(tested.ok, tested.stdout + tested.stderr);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

chartTest(
  "every expression selects the pods of the release, also with a long name",
  async (helm) => {
    const rules = await rulesOf(helm);
    const pods = 'pod=~"release-name-teleport-plugin-email-[^-]+-[^-]+"';
    for (const { expr } of rules) {
      const metrics = expr.match(/teleport_email_\w+/g) ?? [];
      const selected = expr.split(`{namespace="namespace", ${pods}}`).length - 1;
      assert.ok(metrics.length > 0 && selected === metrics.length, expr);
    }
    // Kubernetes truncates what comes before the last part of a pod's name to 58 characters.
    const [{ expr }] = await rulesOf(helm, [`fullnameOverride=${"x".repeat(60)}`]);
    assert.ok(expr.includes(`pod=~"${"x".repeat(46)}.*"`), expr);
    const [own] = await rulesOf(helm, ['metrics.rules.selector=cluster="eu"']);
    assert.equal(own.expr, 'absent(teleport_email_build_info{cluster="eu"})');
  },
);

chartTest("alerts get labels, annotations and a runbook, and may be left out", async (helm) => {
  const rules = await rulesOf(helm, [
    "metrics.rules.additionalRuleLabels.team=security",
    "metrics.rules.additionalRuleLabels.severity=page",
    "metrics.rules.additionalRuleAnnotations.dashboard=d",
    "metrics.rules.runbookUrl=https://wiki.example.com/alerts",
    "metrics.rules.disabled.TeleportEmailSlow=true",
    "metrics.rules.disabled.TeleportEmailGone=false",
  ]);
  const names = rules.map(({ alert }: { alert: string }) => alert);
  assert.ok(!names.includes("TeleportEmailSlow") && names.includes("TeleportEmailGone"));
  for (const { alert, labels, annotations } of rules) {
    assert.deepEqual(labels, { severity: "page", team: "security" });
    assert.equal(annotations.dashboard, "d");
    const link = `https://wiki.example.com/alerts#${alert.toLowerCase()}`;
    assert.equal(annotations.runbook_url, link);
  }
  const listed = await rulesOf(helm, ["metrics.rules.disabled={TeleportEmailGone}"]);
  assert.ok(!listed.some(({ alert }: { alert: string }) => alert === "TeleportEmailGone"));
});
