/**
 * Debian's packages, unpacked into a directory of their own: servers run in it by chroot(8) as they run on
 * a machine of their own, and nothing is installed on this one.
 */

import { join } from "node:path";
import { must, run } from "../support/command.ts";
import type { Lacking } from "../support/debian.ts";

/** A user or group of the directory. */
export interface Account {
  readonly name: string;
  readonly id: number;
}

export type FetchResult = { readonly ok: true; readonly root: string } | Lacking;

/** Owner of delivered mail. */
export const VMAIL: Account = { name: "vmail", id: 20_000 };

/** Scripts of maintainers are not run, so what only these need is left out. */
const NEEDED = /^(lib(?!perl)|gcc-\d+-base$|zlib1g$|dash$|netbase$)/;

/** Devices of the directory, by name: character device, major and minor number. */
const DEVICES = { null: [1, 3], zero: [1, 5], random: [1, 8], urandom: [1, 9] } as const;

/**
 * Downloads `packages` with their libraries and unpacks them below `dir`; takes some seconds. `accounts`
 * exist there beside root, nobody and the owner of mail.
 */
export async function fetchDebian(
  dir: string,
  packages: readonly string[],
  accounts: readonly Account[],
): Promise<FetchResult> {
  const lack = (why: string) => ({ ok: false, why } as const);
  if (Deno.uid() !== 0) return lack("only root can run programs in another root directory");
  for (const tool of ["apt-get", "dpkg-deb", "chroot", "mknod", "cp"]) {
    if (!(await run(["sh", "-c", `command -v ${tool}`])).ok) return lack(`'${tool}' is missing`);
  }
  const [root, debs] = [join(dir, "root"), join(dir, "debs")];
  for (const path of ["dev", "tmp", "etc", "run", "root", "var/mail"]) {
    await Deno.mkdir(join(root, path), { recursive: true });
  }
  await Deno.mkdir(debs);
  let failure = await download(packages, dir, debs);
  if (failure !== undefined) {
    // The lists are missing, or older than the packages.
    await run(["apt-get", "update", "-q"]);
    failure = await download(packages, dir, debs);
  }
  if (failure !== undefined) return lack(failure);
  for await (const { name } of Deno.readDir(debs)) {
    const unpacked = await run(["dpkg-deb", "-x", join(debs, name), root]);
    if (!unpacked.ok) return lack(`'dpkg-deb -x ${name}' failed: ${lastLine(unpacked.stderr)}`);
  }
  await Deno.remove(debs, { recursive: true });
  return await furnish(root, accounts) ? { ok: true, root } : lack("devices cannot be made here");
}

/** Downloads packages and their libraries into `debs`; returns why that failed. */
async function download(
  packages: readonly string[],
  dir: string,
  debs: string,
): Promise<string | undefined> {
  // As on a machine on which nothing is installed yet.
  const status = join(dir, "status");
  await Deno.writeTextFile(status, "");
  const plan = await run([
    ...["apt-get", "-s", "-o", `Dir::State::status=${status}`, "-o", "APT::Install-Recommends=0"],
    ...["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "install", ...packages],
  ]);
  if (!plan.ok) return `apt-get does not know ${packages.join(", ")}: ${lastLine(plan.stderr)}`;
  const planned = [...plan.stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? "");
  const names = planned.filter((name) => packages.includes(name) || NEEDED.test(name));
  const fetched = await run(["apt-get", "download", "-qq", ...names], { cwd: debs });
  return fetched.ok ? undefined : `'apt-get download' failed: ${lastLine(fetched.stderr)}`;
}

/** What the installation of a system would have made. Returns false where devices cannot be made. */
async function furnish(root: string, accounts: readonly Account[]): Promise<boolean> {
  const all = [...accounts, VMAIL, { name: "nobody", id: 65_534 }];
  const line = ({ name, id }: Account) => `${name}:x:${id}:${id}::/var/mail:/usr/sbin/nologin\n`;
  await Deno.writeTextFile(
    join(root, "etc/passwd"),
    `root:x:0:0::/root:/bin/sh\n${all.map(line).join("")}`,
  );
  await Deno.writeTextFile(
    join(root, "etc/group"),
    `root:x:0:\n${all.map(({ name, id }) => `${name}:x:${id}:\n`).join("")}`,
  );
  await Deno.writeTextFile(join(root, "etc/hosts"), "127.0.0.1 localhost mx.example.com\n");
  await Deno.chown(join(root, "var/mail"), VMAIL.id, VMAIL.id);
  await Deno.chmod(join(root, "tmp"), 0o1777);
  // Newer releases have these in the package base-files.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    if (!await exists(join(root, name)) && await exists(join(root, "usr", name))) {
      await Deno.symlink(`usr/${name}`, join(root, name));
    }
  }
  const made = await Promise.all(
    Object.entries(DEVICES).map(([name, [major, minor]]) =>
      run(["mknod", "-m", "666", join(root, "dev", name), "c", String(major), String(minor)])
    ),
  );
  return made.every(({ ok }) => ok);
}

/** A copy of the directory for one server: hard links, so files of packages must not be changed. */
export async function copyRoot(root: string): Promise<string> {
  const copy = await Deno.makeTempDir({ dir: join(root, ".."), prefix: "server-" });
  await Deno.chmod(copy, 0o755);
  await must(["cp", "-al", `${root}/.`, copy]);
  return copy;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
