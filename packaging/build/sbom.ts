/** The list of what is in the program, as CycloneDX 1.6 has it (cyclonedx.org/docs/1.6/json). */

import { createHash } from "node:crypto";
import { PROGRAM } from "../../src/version.ts";
import { licenceOf, type Package } from "./packages.ts";
import type { Source } from "./source.ts";

/** The text of the file. The same bundle gives the same text. */
export async function sbom(
  packages: readonly Package[],
  bundle: Uint8Array,
  denoVersion: string,
  source: Source,
): Promise<string> {
  const self = `${PROGRAM}@${source.version}`;
  const deno = `pkg:github/denoland/deno@v${denoVersion}`;
  const components = await Promise.all(packages.map(component));
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(bundle)}`,
    version: 1,
    metadata: {
      timestamp: new Date(source.epoch * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: PROGRAM,
        version: source.version,
        licenses: [{ license: { id: "Apache-2.0" } }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": deno,
        name: "deno",
        version: denoVersion,
        licenses: [{ license: { id: "MIT" } }],
        purl: deno,
      },
      ...components,
    ],
    dependencies: [
      { ref: self, dependsOn: [deno, ...roots(packages).map(purl)] },
      { ref: deno },
      ...packages.map(({ id, dependencies }) => ({
        ref: purl(id),
        dependsOn: dependencies.map(purl),
      })),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

async function component(entry: Package) {
  const { id, name, version, sha512, inlinedBy } = entry;
  const [scope, rest] = name.startsWith("@") ? name.split("/") : [undefined, name];
  return {
    type: "library",
    "bom-ref": purl(id),
    ...scope !== undefined && { group: scope },
    name: rest,
    version,
    hashes: [{ alg: "SHA-512", content: sha512 }],
    licenses: [licence(await licenceOf(entry))],
    purl: purl(id),
    ...inlinedBy !== undefined &&
      { properties: [{ name: `${PROGRAM}:inlined-by`, value: inlinedBy }] },
  };
}

function licence(spdx: string) {
  return /[\s()]/.test(spdx) ? { expression: spdx } : { license: { id: spdx } };
}

/** Packages that no other one brings along. */
function roots(packages: readonly Package[]): string[] {
  const brought = new Set(packages.flatMap(({ dependencies }) => dependencies));
  return packages.map(({ id }) => id).filter((id) => !brought.has(id));
}

/** `pkg:npm/%40grpc/grpc-js@1.14.7` (github.com/package-url/purl-spec). */
function purl(id: string): string {
  return `pkg:npm/${id.replace(/^@/, "%40")}`;
}

/** A name-based UUID (RFC 9562 §5.5, but with SHA-256) for what is described. */
function uuidOf(bytes: Uint8Array): string {
  const hex = createHash("sha256").update(bytes).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20, 32)].join("-");
}
