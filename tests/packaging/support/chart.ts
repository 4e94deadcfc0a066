/** The Helm chart as Helm renders it. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { parseAllDocuments } from "yaml";
import { must, run } from "./command.ts";

export const CHART = fileURLToPath(
  new URL("../../../packaging/chart/teleport-plugin-email", import.meta.url),
);
export const VALUES = fileURLToPath(new URL("../testdata/chart/", import.meta.url));

/** What tests read of an object; whatever else is wrong with it, the validator finds. */
// deno-lint-ignore no-explicit-any -- manifests are read in many places, and a missing key fails the test
export type Manifest = any;

/** The names of the value files, without their ending, that begin with `prefix`. */
export function valueFiles(prefix: string): readonly string[] {
  return [...Deno.readDirSync(VALUES)].map(({ name }) => name.replace(/\.yaml$/, ""))
    .filter((name) => name.startsWith(prefix) && !name.startsWith("base")).sort();
}

/** The value files for Helm; those of the original's tests say only what they are about. */
export function valuesOf(file: string | undefined): readonly string[] {
  const isComplete = file !== undefined && /^(ours|seed|original_everything)/.test(file);
  const base = /tbot|operator/.test(file ?? "") ? "base_tbot" : "base";
  const files = [...isComplete ? [] : [base], ...file === undefined ? [] : [file]];
  return files.flatMap((name) => ["--values", `${VALUES}${name}.yaml`]);
}

export interface Rendered {
  readonly text: string;
  readonly manifests: readonly Manifest[];
  /** Of this kind and, where there are several, this name. */
  get(kind: string, name?: string): Manifest;
  all(kind: string): readonly Manifest[];
  /** The text of `teleport-email.toml`. */
  readonly toml: string;
  /** The same without `[http]`, which the original does not have. */
  readonly original: Readonly<Record<string, unknown>>;
}

/**
 * Renders the chart in `chart` as release `release` with a value file and `--set` arguments; with
 * `isBare`, without what every installation needs.
 */
export async function template(
  helm: string,
  { file, isBare = false, set = [], args = [], release = "release-name", chart = CHART }: {
    readonly file?: string;
    readonly isBare?: boolean;
    readonly args?: readonly string[];
    readonly set?: readonly string[];
    readonly release?: string;
    readonly chart?: string;
  },
) {
  const values = isBare ? [] : valuesOf(file);
  const sets = set.flatMap((value) => ["--set", value]);
  const command = [helm, "template", release, chart, "--namespace", "namespace"];
  return await run([...command, ...values, ...sets, ...args]);
}

/** As `template()`, parsed; fails with what Helm says. */
export async function render(...args: Parameters<typeof template>): Promise<Rendered> {
  const { ok, stdout: text, stderr } = await template(...args);
  assert.ok(ok, stderr);
  // Kubernetes reads YAML 1.1.
  const documents = parseAllDocuments(text, { version: "1.1", uniqueKeys: true });
  const manifests: Manifest[] = [];
  for (const document of documents) {
    assert.deepEqual(document.errors, []);
    const manifest = document.toJS();
    if (manifest !== null) manifests.push(manifest);
  }
  const all = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  const get = (kind: string, name?: string) => {
    const found = all(kind).filter(({ metadata }) => name === undefined || metadata.name === name);
    assert.equal(found.length, 1, `objects of kind ${kind}, name ${name}`);
    return found[0];
  };
  const isConfig = ({ data }: Manifest) => "teleport-email.toml" in data;
  const toml: string = all("ConfigMap").find(isConfig).data["teleport-email.toml"];
  // Tables of the parser have no prototype, which `assert.deepEqual()` minds.
  const { http: _, ...original } = JSON.parse(JSON.stringify(parse(toml)));
  return { text, manifests, get, all, toml, original };
}

/** The plugin's container. */
export function containerOf(rendered: Rendered, name = "release-name-teleport-plugin-email") {
  const containers = rendered.get("Deployment", name).spec.template.spec.containers;
  assert.equal(containers.length, 1);
  return containers[0];
}

/** By `name`: volumes, mounts, variables, ports. */
export function named(list: readonly Manifest[], name: string): Manifest {
  return list.find((item) => item.name === name);
}

/** What Helm says after an installation; `helm template` leaves that out, so it is made a manifest. */
export async function renderNotes(
  helm: string,
  options: { readonly file?: string; readonly set?: readonly string[] },
): Promise<string> {
  const dir = await Deno.makeTempDir();
  try {
    const chart = join(dir, "chart");
    await must(["cp", "-r", CHART, chart]);
    const notes = await Deno.readTextFile(join(chart, "templates/NOTES.txt"));
    await Deno.writeTextFile(
      join(chart, "templates/notes.yaml"),
      `{{- define "notes" -}}${notes}{{- end -}}\nkind: Notes\nnotes: {{ include "notes" . | toJson }}\n`,
    );
    return (await render(helm, { ...options, chart })).get("Notes").notes;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
