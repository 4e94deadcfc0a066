/** The chart: what it adds to the original's, and whether Kubernetes takes it. */

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  CHART,
  containerOf,
  named,
  render,
  renderNotes,
  valueFiles,
  valuesOf,
} from "./support/chart.ts";
import { findValidator } from "./support/tools.ts";
import { run } from "./support/command.ts";
import { chartTest } from "./support/with_helm.ts";

const FILES = valueFiles("");

chartTest("helm lint finds nothing with any value file", async (helm) => {
  for (const file of FILES) {
    const { ok, stdout } = await run([
      helm,
      "lint",
      "--strict",
      "--quiet",
      CHART,
      ...valuesOf(file),
    ]);
    assert.ok(ok, `${file}: ${stdout}`);
  }
});

chartTest(
  "everything that the value files give is what Kubernetes 1.25 and 1.37 know",
  async (helm) => {
    const validator = await findValidator();
    if (!validator.ok) {
      // deno-lint-ignore no-console -- tells why tests are skipped
      console.warn(`manifests are not validated: ${validator.why}`);
      return;
    }
    const dir = await Deno.makeTempDir();
    try {
      const paths: string[] = [];
      for (const file of FILES) {
        const path = join(dir, `${file}.yaml`);
        await Deno.writeTextFile(path, (await render(helm, { file })).text);
        paths.push(path);
      }
      const wrong = join(dir, "wrong.yaml");
      const text = await Deno.readTextFile(paths[0] ?? "");
      await Deno.writeTextFile(wrong, text.replace("containers:", "container:"));
      for (const version of ["1.25", "1.37"]) {
        const validate = [validator.path, "--strict", "--quiet", "-k", version];
        const { ok, stdout, stderr } = await run([...validate, ...paths]);
        assert.ok(ok, stdout + stderr);
        assert.ok(!(await run([...validate, wrong])).ok, "the validator sees what is wrong");
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);

chartTest("a secret of the chart's own has its key whatever the path is", async (helm) => {
  const set = ["smtp.enabled=true", "smtp.password=a", "smtp.passwordSecretPath=elsewhere"];
  const rendered = await render(helm, { set });
  const volume = named(rendered.get("Deployment").spec.template.spec.volumes, "password-file");
  assert.deepEqual(Object.keys(rendered.get("Secret").data), [volume.secret.items[0].key]);
});

chartTest("pods have no rights, no token and no writable root", async (helm) => {
  const rendered = await render(helm, { file: "ours_tbot" });
  const pods = [
    ...rendered.all("Deployment").map(({ spec }) => spec.template),
    ...rendered.all("Pod"),
  ];
  assert.equal(pods.length, 3);
  for (const { spec } of pods) {
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.equal(spec.securityContext.runAsUser, 65532);
    assert.equal(spec.securityContext.fsGroup, 65532);
    assert.deepEqual(spec.securityContext.seccompProfile, { type: "RuntimeDefault" });
    assert.deepEqual(spec.containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    const isTbot = spec.containers[0].name === "tbot";
    assert.equal(spec.automountServiceAccountToken, isTbot ? undefined : false);
  }
  const account = rendered.get("ServiceAccount", "release-name-teleport-plugin-email");
  assert.equal(account.automountServiceAccountToken, false);
});

chartTest("keys of the security contexts can be removed, as OpenShift requires", async (helm) => {
  const { spec } = (await render(helm, { file: "ours_mailgun" })).get("Deployment").spec.template;
  assert.deepEqual(Object.keys(spec.securityContext).sort(), [
    "fsGroupChangePolicy",
    "runAsNonRoot",
    "seccompProfile",
  ]);
});

chartTest("probes query the port that the program listens on", async (helm) => {
  const container = containerOf(await render(helm, { file: "ours_full" }));
  assert.deepEqual(container.ports, [{ name: "http", containerPort: 9090, protocol: "TCP" }]);
  assert.deepEqual(container.startupProbe.httpGet, { path: "/healthz", port: "http" });
  assert.deepEqual(container.livenessProbe.httpGet, { path: "/healthz", port: "http" });
  assert.deepEqual(container.readinessProbe.httpGet, { path: "/readyz", port: "http" });
  const off = await render(helm, { file: "ours_mailgun" });
  const { ports, startupProbe, livenessProbe, readinessProbe } = containerOf(off);
  assert.deepEqual([ports, startupProbe, livenessProbe, readinessProbe], Array(4).fill(undefined));
  assert.ok(!off.toml.includes("[http]"));
});

chartTest("a changed configuration or secret of the chart rolls the pods", async (helm) => {
  const sums = async (...set: string[]) => {
    const options = { file: "original_configmap_smtp", set };
    const { metadata } = (await render(helm, options)).get("Deployment").spec.template;
    return [metadata.annotations["checksum/config"], metadata.annotations["checksum/secret"]];
  };
  const [config, secret] = await sums();
  assert.deepEqual(await sums(), [config, secret]);
  const [otherConfig, sameSecret] = await sums("delivery.replyTo=a@example.com");
  assert.ok(otherConfig !== config && sameSecret === secret);
  const [sameConfig, otherSecret] = await sums("smtp.password=other");
  assert.ok(sameConfig === config && otherSecret !== secret);
  assert.deepEqual(await sums("smtp.passwordFromSecret=own"), [config, undefined]);
});

chartTest(
  "a rollout keeps the old pod until the new one is ready; Recreate is possible",
  async (helm) => {
    const strategyOf = async (file: string) =>
      (await render(helm, { file })).get("Deployment").spec.strategy;
    assert.deepEqual(await strategyOf("seed_roles"), {
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
    assert.deepEqual(await strategyOf("ours_mailgun"), { type: "Recreate" });
  },
);

chartTest("a disruption budget is created for several replicas only", async (helm) => {
  assert.equal((await render(helm, { file: "ours_full" })).all("PodDisruptionBudget").length, 1);
  assert.equal((await render(helm, { file: "seed_roles" })).all("PodDisruptionBudget").length, 0);
});

chartTest(
  "the network policy allows names, cluster, mail, and questions for health",
  async (helm) => {
    const { ingress, egress, podSelector } =
      (await render(helm, { file: "ours_full" })).get("NetworkPolicy").spec;
    assert.deepEqual(ingress.map(({ ports }: { ports: unknown }) => ports), [[{ port: 9090 }]]);
    assert.equal(ingress[0].from.length, 1);
    const ports = egress.flatMap((rule: { ports: { port: number }[] }) =>
      rule.ports.map(({ port }) => port)
    );
    assert.deepEqual(ports, [53, 53, 5353, 5353, 443, 2525, 3128]);
    assert.deepEqual(podSelector.matchExpressions[0].values, [
      "teleport-plugin-email",
      "teleport-plugin-email-check",
    ]);
    const mailgun = (await render(helm, { file: "ours_mailgun" })).get("NetworkPolicy").spec;
    assert.deepEqual(mailgun.ingress, []);
    assert.deepEqual(mailgun.egress.at(-1), { ports: [{ port: 443 }] });
  },
);

chartTest("a log file has a writable directory, unless there is one", async (helm) => {
  const mountOf = async (...set: string[]) => {
    const options = { file: "original_configmap_smtp", set };
    return named(containerOf(await render(helm, options)).volumeMounts, "log")?.mountPath;
  };
  assert.equal(await mountOf(), "/var/log");
  assert.equal(await mountOf("log.output=stdout"), undefined);
  assert.equal(
    await mountOf("volumeMounts[0].name=a", "volumeMounts[0].mountPath=/var/log/"),
    undefined,
  );
  assert.equal(
    await mountOf("volumeMounts[0].name=a", "volumeMounts[0].mountPath=/var/lo"),
    "/var/log",
  );
});

chartTest(
  "helm test runs `check` with the pod's mounts, and nothing takes it for the plugin",
  async (helm) => {
    const rendered = await render(helm, { file: "ours_full" });
    const { metadata, spec } = rendered.get("Pod");
    assert.equal(metadata.annotations["helm.sh/hook"], "test");
    assert.deepEqual(spec.containers[0].command.slice(1, 2), ["check"]);
    assert.equal(spec.restartPolicy, "Never");
    assert.deepEqual(spec.containers[0].volumeMounts, containerOf(rendered).volumeMounts);
    const selector = rendered.get("Deployment").spec.selector.matchLabels;
    assert.notEqual(metadata.labels["app.kubernetes.io/name"], selector["app.kubernetes.io/name"]);
  },
);

chartTest("monitoring contains the project's rules and dashboard, unchanged", async (helm) => {
  const rendered = await render(helm, { file: "ours_full" });
  const file = (name: string) =>
    Deno.readTextFile(new URL(`../../packaging/monitoring/${name}`, import.meta.url));
  const { data, metadata } = rendered.get(
    "ConfigMap",
    "release-name-teleport-plugin-email-dashboard",
  );
  assert.equal(metadata.labels["grafana_dashboard"], "1");
  assert.deepEqual(
    JSON.parse(data["teleport-email.json"]),
    JSON.parse(await file("dashboard.json")),
  );
  const { podMetricsEndpoints } = rendered.get("PodMonitor").spec;
  assert.deepEqual(podMetricsEndpoints, [{ port: "http", path: "/metrics", interval: "30s" }]);
  const { annotations } = rendered.get("Deployment").spec.template.metadata;
  assert.equal(annotations["prometheus.io/port"], "9090");
});

chartTest(
  "the notes say what is worth knowing, and nothing else when everything is set",
  async (helm) => {
    const complete = await renderNotes(helm, {
      file: "seed_roles",
      set: ["image.repository=r.io/i"],
    });
    assert.ok(!/TO DO|NOTE:/.test(complete), complete);
    assert.match(
      complete,
      /^release-name-teleport-plugin-email emails .* through smtp.example.com\.$/m,
    );
    assert.match(complete, /^ {2}helm -n namespace test release-name --logs/m);
    assert.match(
      await renderNotes(helm, { file: "seed_roles" }),
      /^NOTE: image\.repository has its/m,
    );
    assert.match(
      await renderNotes(helm, {}),
      /^NOTE: neither .* smtp is used, since it is filled in/m,
    );
    const both = await renderNotes(helm, { file: "original_everything" });
    assert.match(both, /^NOTE: smtp and mailgun are enabled: SMTP is used\.$/m);
    assert.match(both, /for the service account\nnamespace:release-name-tbot\./);
    const ignored = await renderNotes(helm, { file: "original_configmap_password_file" });
    assert.match(ignored, /^NOTE: smtp.passwordFile has no effect/m);
  },
);

chartTest(
  "tbot writes the secret that the plugin reads, and has access to no other",
  async (helm) => {
    const rendered = await render(helm, { file: "ours_tbot" });
    const tbot = rendered.get("Deployment", "release-name-tbot").spec;
    assert.deepEqual([tbot.replicas, tbot.strategy.type], [1, "Recreate"]);
    const config = rendered.get("ConfigMap", "release-name-tbot").data["tbot.yaml"];
    assert.match(config, /^proxy_server: "teleport.example.com:443"$/m);
    assert.match(config, /name: release-name-tbot-out$/m);
    const { rules } = rendered.get("Role");
    assert.deepEqual(rules[1].resourceNames, ["release-name-tbot-out", "release-name-tbot"]);
    const [container] = tbot.template.spec.containers;
    assert.deepEqual(container.args.slice(0, 4), ["start", "-c", "/config/tbot.yaml", "--debug"]);
    const { allow } = rendered.get("TeleportProvisionToken").spec.kubernetes;
    const account = tbot.template.spec.serviceAccountName;
    assert.deepEqual(allow, [{ service_account: `namespace:${account}` }]);
  },
);
