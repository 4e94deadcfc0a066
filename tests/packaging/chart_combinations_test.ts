/**
 * The chart's values combined: every object is valid, and no key occurs twice, which Helm takes and Flux
 * and kustomize refuse.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Manifest, render } from "./support/chart.ts";
import { run } from "./support/command.ts";
import { findValidator } from "./support/tools.ts";
import { chartTest } from "./support/with_helm.ts";

const LABEL = "app\\.kubernetes\\.io/";
const CSI = "teleport.identityVolume.csi.driver=secrets-store.csi.k8s.io";
const TBOT = [
  "tbot.enabled=true",
  "tbot.clusterName=teleport.example.com",
  "tbot.teleportProxyAddress=teleport.example.com:443",
];

/** Each combination takes one choice of every axis; `--set-string` where a choice begins with `@`. */
const AXES: readonly (readonly (readonly string[])[])[] = [
  [
    ["smtp.enabled=true"],
    ["smtp.passwordFromSecret=own"],
    ["smtp.authenticate=false"],
    ["mailgun.enabled=true"],
    ["mailSecretFile=/vault/secrets/smtp"],
  ],
  [
    [],
    [CSI],
    ["teleport.identityFile=/vault/secrets/identity", "automountServiceAccountToken=true"],
    ["volumes[0].name=teleport-identity", "volumes[0].emptyDir.medium=Memory"],
  ],
  [
    [],
    TBOT,
    [
      ...TBOT,
      "crd.create=true",
      "crd.tokenSpecOverride.roles={Bot}",
      "tbot.extraLabels.pod.helm\\.sh/chart=x",
      `tbot.extraLabels.deployment.${LABEL}version=v`,
      "tbot.annotations.pod.checksum/config=x",
      "tbot.extraEnv[0].name=POD_NAMESPACE",
      "tbot.extraEnv[0].value=other",
      "tbot.extraVolumes[0].name=config",
      "tbot.extraVolumes[0].configMap.name=own",
    ],
  ],
  [
    [],
    [
      `@podLabels.${LABEL}version=2`,
      `podLabels.${LABEL}name=other`,
      `podLabels.${LABEL}instance=other`,
      "podLabels.helm\\.sh/chart=x",
    ],
    [
      "@podAnnotations.checksum/config=x",
      "@podAnnotations.prometheus\\.io/port=1",
      "@annotations.pod.prometheus\\.io/scrape=false",
      "metrics.annotations=true",
    ],
    [
      "commonLabels.team=security",
      `commonLabels.${LABEL}name=other`,
      "commonAnnotations.owner=security",
      "annotations.deployment.owner=other",
    ],
  ],
  [
    [],
    [
      "metrics.podMonitor.enabled=true",
      `metrics.podMonitor.labels.${LABEL}instance=prometheus`,
      "metrics.podMonitor.namespace=monitoring",
    ],
    [
      "metrics.rules.enabled=true",
      `metrics.rules.labels.${LABEL}version=x`,
      "metrics.rules.additionalRuleLabels.severity=page",
      "metrics.dashboard.enabled=true",
      `metrics.dashboard.labels.${LABEL}name=x`,
      "metrics.dashboard.annotations.grafana_folder=Teleport",
    ],
  ],
  [
    [],
    ["networkPolicy.enabled=true", "replicas=3"],
    ["openshift.adaptSecurityContext=force", "http.address=::"],
    [
      "extraEnv[0].name=TELEPORT_PLUGIN_FAIL_FAST",
      "@extraEnv[0].value=false",
      "tests.enabled=false",
    ],
    [
      "serviceAccount.labels.helm\\.sh/chart=x",
      "templates.files.new\\.txt=Hello",
      "log.output=/var/log/email.log",
      "volumeMounts[0].name=config",
      "volumeMounts[0].mountPath=/etc/teleport-email/templates",
      "extraVolumeMounts[0].name=config",
      "extraVolumeMounts[0].mountPath=/etc/teleport-email/templates",
    ],
  ],
];

/** More than 40, and each choice of an axis beside others each time. */
const COMBINATIONS = 48;

/** Of all 5 * 4 * 3 * 4 * 3 * 5 choices, numbered; the step has no divisor in common with them. */
function combination(index: number): readonly string[] {
  let rest = index * 77;
  const choices = AXES.map((axis) => {
    const choice = axis[rest % axis.length] ?? [];
    rest = Math.floor(rest / axis.length);
    return choice;
  });
  return choices.flat().flatMap((choice) =>
    choice.startsWith("@") ? ["--set-string", choice.slice(1)] : ["--set", choice]
  );
}

/** Errors that the API would refuse, and those that it would accept in silence. */
function checkPods(manifests: readonly Manifest[]): void {
  for (const { kind, metadata, spec } of manifests) {
    assert.equal(metadata.namespace === undefined, false, `${kind} without a namespace`);
    assert.ok(metadata.labels["helm.sh/chart"], `${kind} without labels`);
    if (kind !== "Deployment") continue;
    const { labels } = spec.template.metadata;
    for (const [name, value] of Object.entries(spec.selector.matchLabels)) {
      assert.equal(labels[name], value, "the deployment selects its own pods");
    }
    const pod = spec.template.spec;
    for (const [list, key] of [[pod.volumes, "name"], [pod.containers[0].env, "name"]]) {
      const names = list.map((item: Manifest) => item[key]);
      assert.deepEqual(names, [...new Set(names)]);
    }
    const paths = pod.containers[0].volumeMounts.map((mount: Manifest) => mount.mountPath);
    assert.deepEqual(paths, [...new Set(paths)]);
  }
}

chartTest(
  `${COMBINATIONS} combinations of values give valid objects without duplicate keys`,
  async (helm) => {
    const dir = await Deno.makeTempDir();
    try {
      const paths: string[] = [];
      for (let index = 0; index < COMBINATIONS; index++) {
        const rendered = await render(helm, { args: combination(index) });
        checkPods(rendered.manifests);
        const path = join(dir, `${index}.yaml`);
        await Deno.writeTextFile(path, rendered.text);
        paths.push(path);
      }
      const texts = new Set(await Promise.all(paths.map((path) => Deno.readTextFile(path))));
      assert.equal(texts.size, COMBINATIONS, "the combinations differ");
      const validator = await findValidator();
      if (!validator.ok) return;
      const { ok, stdout, stderr } = await run([validator.path, "--strict", "--quiet", ...paths]);
      assert.ok(ok, stdout + stderr);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);

chartTest(
  "kustomize, which refuses duplicate keys as Flux does, takes what users add to",
  async (helm) => {
    const kubectl = await run(["kubectl", "version", "--client"]).catch(() => undefined);
    if (!kubectl?.ok) {
      // deno-lint-ignore no-console -- for developers running the tests
      console.warn("kustomize is not tried: no kubectl");
      return;
    }
    const dir = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(join(dir, "kustomization.yaml"), "resources: [all.yaml]\n");
      for (const index of [7, 23, 42]) {
        const { text } = await render(helm, { args: combination(index) });
        await Deno.writeTextFile(join(dir, "all.yaml"), text);
        const { ok, stderr } = await run(["kubectl", "kustomize", dir]);
        assert.ok(ok, `combination ${index}: ${stderr}`);
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
