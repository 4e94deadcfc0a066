/** The packages of npm whose code is in the bundle. */

import { join } from "node:path";
import { mustRun } from "./command.ts";
import { BuildError } from "./fail.ts";

export interface Package {
  /** `@grpc/grpc-js@1.14.7` */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Where it was unpacked. */
  readonly folder: string;
  /** What it needs, as far as that is in the bundle, too: ids. */
  readonly dependencies: readonly string[];
  /** Hash of its archive in hexadecimal digits, from the lock file. */
  readonly sha512: string;
  /** Id of the package whose publisher put this one's code into its own. */
  readonly inlinedBy?: string;
}

/**
 * Its publisher bundles what it depends on, without saying of which version. So all that it depends on
 * counts, in the versions that the lock file has.
 */
const INLINES_DEPENDENCIES = "mailgun.js";

interface Info {
  readonly npmPackages: Readonly<Record<string, InfoPackage>>;
}

/** The part of `deno.lock` that is of interest here. */
interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

interface InfoPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath: string;
}

/** Reads them off `readable`, a bundle that was not minified, in the folder that it was made in. */
export async function bundledPackages(
  folder: string,
  readable: string,
): Promise<readonly Package[]> {
  const printed = await mustRun(Deno.execPath(), ["info", "--json", "main.ts"], { cwd: folder });
  const { npmPackages: known }: Info = JSON.parse(printed);
  const lock: Lock = JSON.parse(await Deno.readTextFile(join(folder, "deno.lock")));
  const mentioned = new Set(mentionedFolders(readable));
  const found = new Map<string, string | undefined>();
  for (const [key, { name, version }] of Object.entries(known)) {
    if (!mentioned.delete(`${name}/${version}`)) continue;
    found.set(key, undefined);
    if (name === INLINES_DEPENDENCIES) addDependencies(key, known, found, `${name}@${version}`);
  }
  if (mentioned.size > 0) {
    throw new BuildError(`Cannot tell which packages these are: ${[...mentioned].join(", ")}`);
  }
  const idOf = (key: string) => `${known[key]?.name}@${known[key]?.version}`;
  return [...found].map(([key, inlinedBy]) => {
    const { name, version, dependencies, localPath } = infoOf(known, key);
    return {
      id: idOf(key),
      name,
      version,
      folder: localPath,
      dependencies: dependencies.filter((key) => found.has(key)).map(idOf).sort(),
      sha512: integrity(lock, key),
      ...inlinedBy !== undefined && { inlinedBy },
    };
  }).sort((a, b) => a.id < b.id ? -1 : 1);
}

/** Before the code of each file, the bundler writes its path: `// .../npm/<host>/<name>/<version>/...` */
function mentionedFolders(readable: string): string[] {
  const paths = /^ *\/\/ \S*\/npm\/[^/\n]+\/((?:@[^/\n]+\/)?[^/\n]+\/[^/\n]+)\//gm;
  return [...readable.matchAll(paths)].map((match) => match[1] ?? "");
}

function addDependencies(
  key: string,
  known: Info["npmPackages"],
  found: Map<string, string | undefined>,
  inlinedBy: string,
): void {
  for (const dependency of infoOf(known, key).dependencies) {
    if (found.has(dependency)) continue;
    found.set(dependency, inlinedBy);
    addDependencies(dependency, known, found, inlinedBy);
  }
}

function infoOf(known: Info["npmPackages"], key: string): InfoPackage {
  const info = known[key];
  if (info === undefined) throw new BuildError(`'deno info' does not know the package '${key}'`);
  return info;
}

function integrity({ npm }: Lock, key: string): string {
  const base64 = /^sha512-(.+)$/.exec(npm[key]?.integrity ?? "")?.[1];
  if (base64 === undefined) throw new BuildError(`deno.lock has no SHA-512 of '${key}'`);
  return Uint8Array.fromBase64(base64).toHex();
}

/** The files of a package that hold its licence. */
export async function licenceFiles({ folder }: Package): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && /^(licen[cs]e|notice|copying)/i.test(name)) names.push(name);
  }
  return names.sort().map((name) => join(folder, name));
}

/** The licence as SPDX writes it. */
export async function licenceOf({ id, folder }: Package): Promise<string> {
  const { license } = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
  if (typeof license === "string" && license !== "") return license;
  throw new BuildError(`The package.json of '${id}' names no licence`);
}
