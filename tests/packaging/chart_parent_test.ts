/** The chart below a parent chart, and in the place of Teleport's own. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { CHART, type Manifest, render, template, VALUES } from "./support/chart.ts";
import { must, run } from "./support/command.ts";
import { chartTest } from "./support/with_helm.ts";

/** Renders an umbrella chart that has ours as a dependency, as Argo CD users write it. */
async function renderUmbrella(helm: string, values: object): Promise<readonly Manifest[]> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(dir, "charts"));
    await must(["cp", "-r", CHART, join(dir, "charts")]);
    const name = "teleport-plugin-email";
    const dependency = { name, version: "*", condition: `${name}.enabled` };
    await Deno.writeTextFile(
      join(dir, "Chart.yaml"),
      stringify({
        apiVersion: "v2",
        name: "umbrella",
        version: "1.0.0",
        dependencies: [dependency],
      }),
    );
    await Deno.writeTextFile(join(dir, "values.yaml"), stringify(values));
    const { ok, stdout, stderr } = await run([helm, "template", "release", dir]);
    assert.ok(ok, stderr);
    return parseAllDocuments(stdout, { uniqueKeys: true }).map((document) => document.toJS())
      .filter((manifest) => manifest !== null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const ours = async () => parse(await Deno.readTextFile(`${VALUES}ours_tbot.yaml`));

chartTest("a parent chart switches the chart on and off", async (helm) => {
  const values = await ours();
  const on = await renderUmbrella(helm, { "teleport-plugin-email": { ...values, enabled: true } });
  assert.equal(on.filter(({ kind }) => kind === "Deployment").length, 2);
  const off = await renderUmbrella(helm, {
    "teleport-plugin-email": { ...values, enabled: false },
  });
  assert.deepEqual(off, []);
});

chartTest("a parent chart's registry and pull secrets count for all images", async (helm) => {
  const manifests = await renderUmbrella(helm, {
    global: {
      imageRegistry: "mirror.example.com/proxy/",
      imagePullSecrets: ["shared", { name: "other" }],
      unknown: { to: "us" },
    },
    "teleport-plugin-email": { ...await ours(), imagePullSecrets: [{ name: "own" }, "shared"] },
  });
  const pods = manifests.filter(({ kind }) => kind === "Deployment")
    .map(({ spec }) => spec.template.spec);
  assert.deepEqual(pods.map(({ containers }) => containers[0].image).sort(), [
    "mirror.example.com/proxy/gravitational/tbot-distroless:18.7.3",
    "mirror.example.com/proxy/teleport-plugin-email:0.1.0",
  ]);
  for (const pod of pods) {
    assert.deepEqual(pod.imagePullSecrets, [{ name: "shared" }, { name: "other" }, {
      name: "own",
    }]);
  }
});

chartTest("null removes a value below a parent chart, too", async (helm) => {
  const podSecurityContext = { runAsUser: null, runAsGroup: null, fsGroup: null };
  const manifests = await renderUmbrella(helm, {
    "teleport-plugin-email": { ...await ours(), podSecurityContext },
  });
  const plugin = manifests.find(({ kind, metadata }) =>
    kind === "Deployment" && metadata.name.endsWith("email")
  );
  assert.equal(plugin.spec.template.spec.securityContext.runAsUser, undefined);
});

/** What `helm get values --all` prints for a release of the original's chart, with tbot's own values. */
const dump = `${VALUES}base_original_dump.yaml`;

chartTest("a dump of the original's values is refused because of its image alone", async (helm) => {
  const { stderr } = await template(helm, { isBare: true, args: ["--values", dump] });
  assert.equal(stderr.match(/^ {2}- /gm)?.length, 1, stderr);
  assert.match(stderr, /image\.repository is Teleport's own plugin/);
});

chartTest("a dump of the original's values works with our image", async (helm) => {
  const image = ["image.repository=registry.example.com/teleport-plugin-email", "image.tag="];
  const rendered = await render(helm, { isBare: true, set: image, args: ["--values", dump] });
  const name = "release-name-teleport-plugin-email";
  const { containers, securityContext } = rendered.get("Deployment", name).spec.template.spec;
  assert.equal(containers[0].image, "registry.example.com/teleport-plugin-email:0.1.0");
  // Those of a dump are `{}`, which takes nothing away.
  assert.equal(securityContext.runAsNonRoot, true);
  assert.deepEqual(rendered.original["role_to_recipients"], { "*": ["security@example.com"] });
  assert.equal(rendered.get("Deployment", "release-name-tbot").spec.replicas, 1);
});
