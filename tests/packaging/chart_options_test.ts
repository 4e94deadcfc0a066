/** What platform teams expect of a chart, beyond the original's values. */

import assert from "node:assert/strict";
import { containerOf, type Manifest, named, render } from "./support/chart.ts";
import { chartTest } from "./support/with_helm.ts";

const TBOT = { file: "original_tbot" } as const;
const podOf = async (helm: string, ...set: readonly string[]): Promise<Manifest> =>
  (await render(helm, { set })).get("Deployment").spec.template.spec;

chartTest("containers, variables and settings of the pod can be added", async (helm) => {
  const pod = await podOf(
    helm,
    ...["extraContainers[0].name=sidecar", "initContainers[0].name=first"],
    ...["envFrom[0].secretRef.name=variables", "lifecycle.preStop.sleep.seconds=5"],
    ...["runtimeClassName=gvisor", "priorityClassName=high"],
  );
  assert.deepEqual(pod.containers.map(({ name }: Manifest) => name), [
    "teleport-plugin-email",
    "sidecar",
  ]);
  assert.equal(pod.initContainers[0].name, "first");
  assert.deepEqual(pod.containers[0].envFrom, [{ secretRef: { name: "variables" } }]);
  assert.deepEqual(pod.containers[0].lifecycle, { preStop: { sleep: { seconds: 5 } } });
  assert.deepEqual([pod.runtimeClassName, pod.priorityClassName], ["gvisor", "high"]);
});

chartTest("helm test runs beside init containers, and ends without the others", async (helm) => {
  const set = ["extraContainers[0].name=sidecar", "initContainers[0].name=first"];
  const { spec } = (await render(helm, { set })).get("Pod");
  assert.deepEqual([spec.containers.length, spec.initContainers.length], [1, 1]);
  assert.deepEqual((await render(helm, { set: ["tests.enabled=false"] })).all("Pod"), []);
});

chartTest("all pods find hosts as they are told to", async (helm) => {
  const rendered = await render(helm, {
    ...TBOT,
    set: [
      ...["hostAliases[0].ip=192.0.2.1", "hostAliases[0].hostnames={relay.internal}"],
      ...["dnsPolicy=None", "dnsConfig.nameservers={192.0.2.53}"],
    ],
  });
  const pods = [
    ...rendered.all("Deployment").map(({ spec }) => spec.template.spec),
    rendered.get("Pod").spec,
  ];
  assert.equal(pods.length, 3);
  for (const pod of pods) {
    assert.deepEqual(pod.hostAliases, [{ ip: "192.0.2.1", hostnames: ["relay.internal"] }]);
    assert.deepEqual([pod.dnsPolicy, pod.dnsConfig.nameservers], ["None", ["192.0.2.53"]]);
    assert.equal(pod.enableServiceLinks, false);
  }
});

chartTest("the number of old ReplicaSets can be set, to none as well", async (helm) => {
  const limit = async (...set: string[]) =>
    (await render(helm, { set })).get("Deployment").spec.revisionHistoryLimit;
  assert.deepEqual([await limit(), await limit("revisionHistoryLimit=0")], [undefined, 0]);
});

chartTest("common labels and annotations are on every object and pod", async (helm) => {
  const { manifests } = await render(helm, {
    file: "ours_full",
    set: ["commonLabels.team=security", "commonAnnotations.owner=security"],
  });
  assert.ok(manifests.length > 8);
  for (const { kind, metadata, spec } of manifests) {
    const all = kind === "Deployment" ? [metadata, spec.template.metadata] : [metadata];
    for (const { labels, annotations } of all) {
      assert.deepEqual([labels.team, annotations.owner], ["security", "security"], kind);
      assert.equal(metadata.namespace, "namespace", kind);
    }
  }
});

chartTest("more objects come with the release, as maps or as templates", async (helm) => {
  const rendered = await render(helm, {
    args: [
      "--set-json",
      'extraObjects=[{"apiVersion":"v1","kind":"ExternalSecret","metadata":{"name":"{{ .Release.Name }}-smtp"}},' +
      '"apiVersion: v1\\nkind: Other\\nmetadata:\\n  name: {{ .Chart.Name }}"]',
    ],
  });
  assert.equal(rendered.get("ExternalSecret").metadata.name, "release-name-smtp");
  assert.equal(rendered.get("Other").metadata.name, "teleport-plugin-email");
});

chartTest("the service account has labels, and its token when it is asked for", async (helm) => {
  const set = ["serviceAccount.labels.team=security", "automountServiceAccountToken=true"];
  const rendered = await render(helm, { set });
  const account = rendered.get("ServiceAccount");
  assert.deepEqual([account.metadata.labels.team, account.automountServiceAccountToken], [
    "security",
    true,
  ]);
  const pod = rendered.get("Deployment").spec.template.spec;
  assert.equal(pod.automountServiceAccountToken, true);
});

chartTest("the identity comes from a CSI volume, or from a file that is injected", async (helm) => {
  const csi = await render(helm, {
    set: [
      "teleport.identitySecretName=",
      "teleport.identityVolume.csi.driver=secrets-store.csi.k8s.io",
    ],
  });
  const { volumes } = csi.get("Deployment").spec.template.spec;
  assert.deepEqual(named(volumes, "teleport-identity"), {
    name: "teleport-identity",
    csi: { driver: "secrets-store.csi.k8s.io" },
  });
  assert.match(csi.toml, /^identity = ".*\/teleport-identity\/auth_id"$/m);
  const file = await render(helm, {
    set: [
      ...["teleport.identitySecretName=", "teleport.identityFile=/vault/secrets/identity"],
      ...["smtp.password=", "mailSecretFile=/vault/secrets/smtp"],
    ],
  });
  assert.match(file.toml, /^identity = "\/vault\/secrets\/identity"$/m);
  assert.match(file.toml, /^password_file +=\s"\/vault\/secrets\/smtp"$/m);
  const pod = file.get("Deployment").spec.template.spec;
  assert.deepEqual(pod.volumes.map(({ name }: Manifest) => name), ["config"]);
  assert.deepEqual(file.all("Secret"), []);
});

chartTest("on OpenShift, its constraints choose user and group of every pod", async (helm) => {
  const idsOf = async (args: readonly string[]) => {
    const rendered = await render(helm, { ...TBOT, args });
    return rendered.all("Deployment").map(({ spec }) => spec.template.spec.securityContext)
      .map(({ runAsUser, runAsGroup, fsGroup, runAsNonRoot }) =>
        [runAsUser, runAsGroup, fsGroup, runAsNonRoot].join()
      );
  };
  const here = ["--api-versions", "security.openshift.io/v1"];
  const mode = (value: string) => ["--set", `openshift.adaptSecurityContext=${value}`];
  const [own, adapted] = ["65532,65532,65532,true", ",,,true"];
  assert.deepEqual(await idsOf([]), [own, own]);
  assert.deepEqual(await idsOf(here), [adapted, adapted]);
  assert.deepEqual(await idsOf(mode("force")), [adapted, adapted]);
  assert.deepEqual(await idsOf([...here, ...mode("disabled")]), [own, own]);
});

chartTest("a variable of the user's takes the place of the chart's", async (helm) => {
  const args = [
    ...["--set", "extraEnv[0].name=TELEPORT_PLUGIN_FAIL_FAST"],
    ...["--set-string", "extraEnv[0].value=false"],
  ];
  const { env } = containerOf(await render(helm, { args }));
  assert.deepEqual(env, [{ name: "TELEPORT_PLUGIN_FAIL_FAST", value: "false" }]);
});

chartTest(
  "tbot's image may be pinned by digest or tag, and pulls as the plugin does",
  async (helm) => {
    const tbotOf = async (...set: string[]) =>
      (await render(helm, { ...TBOT, set })).get("Deployment", "release-name-tbot").spec.template
        .spec;
    const imageOf = async (...set: string[]) => (await tbotOf(...set)).containers[0].image;
    const digest = `mirror.example.com:5000/tbot@sha256:${"0".repeat(64)}`;
    assert.equal(await imageOf(`tbot.image=${digest}`), digest);
    assert.equal(await imageOf("tbot.image=mirror:5000/tbot:1.2"), "mirror:5000/tbot:1.2");
    const version = "tbot.teleportVersionOverride=19.0.0";
    assert.equal(await imageOf("tbot.image=mirror:5000/tbot", version), "mirror:5000/tbot:19.0.0");
    const { imagePullSecrets, containers } = await tbotOf("imagePullSecrets={pull}");
    assert.deepEqual(imagePullSecrets, [{ name: "pull" }]);
    assert.deepEqual(Object.keys(containers[0].resources), ["limits", "requests"]);
  },
);

chartTest(
  "tbot has a network policy of its own, and no verb that it does not need",
  async (helm) => {
    const set = [
      "networkPolicy.enabled=true",
      "networkPolicy.kubernetesApiTo[0].ipBlock.cidr=192.0.2.1/32",
    ];
    const rendered = await render(helm, { ...TBOT, set });
    const { podSelector, ingress, egress } =
      rendered.get("NetworkPolicy", "release-name-tbot").spec;
    assert.equal(podSelector.matchLabels["app.kubernetes.io/component"], "tbot");
    assert.deepEqual(ingress, [{ ports: [{ port: 3001 }] }]);
    const ports = egress.map((rule: Manifest) => rule.ports.map(({ port }: Manifest) => port));
    assert.deepEqual(ports, [[53, 53, 5353, 5353], [443], [443, 6443]]);
    assert.deepEqual(egress[2].to, [{ ipBlock: { cidr: "192.0.2.1/32" } }]);
    const verbs = rendered.get("Role").rules.flatMap(({ verbs }: Manifest) => verbs);
    assert.deepEqual(verbs, ["create", "get", "update", "patch", "delete"]);
  },
);

chartTest("monitors take what the Prometheus operator offers, in any namespace", async (helm) => {
  const { all } = await render(helm, {
    ...TBOT,
    set: [
      ...["metrics.podMonitor.enabled=true", "metrics.podMonitor.namespace=monitoring"],
      ...["metrics.podMonitor.scrapeTimeout=5s", "metrics.podMonitor.jobLabel=team"],
      ...[
        "metrics.podMonitor.relabelings[0].action=labeldrop",
        "metrics.podMonitor.annotations.a=b",
      ],
      ...["metrics.podMonitor.metricRelabelings[0].action=drop"],
    ],
  });
  const monitors = all("PodMonitor");
  assert.deepEqual(monitors.map(({ metadata }) => metadata.name), [
    "release-name-teleport-plugin-email",
    "release-name-tbot",
  ]);
  const ports = ["http", "diagnostics"];
  for (const [index, { metadata, spec }] of monitors.entries()) {
    assert.deepEqual([metadata.namespace, metadata.annotations], ["monitoring", { a: "b" }]);
    assert.deepEqual(spec.namespaceSelector, { matchNames: ["namespace"] });
    assert.equal(spec.jobLabel, "team");
    assert.deepEqual(spec.podMetricsEndpoints, [{
      port: ports[index],
      path: "/metrics",
      interval: "30s",
      scrapeTimeout: "5s",
      relabelings: [{ action: "labeldrop" }],
      metricRelabelings: [{ action: "drop" }],
    }]);
  }
});
