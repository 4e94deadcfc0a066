/** What the packaging tests take from Debian: its programs, and small systems to try things in. */

import { join } from "node:path";
import { must, run } from "./command.ts";

/** What a test needs and this machine does not have. */
export interface Lacking {
  readonly ok: false;
  readonly why: string;
}

/** `systemd` can be booted; `plain` has what every Debian has. */
export type TreeKind = "plain" | "systemd";

const RELEASE = "bookworm";
const PACKAGES: Readonly<Record<TreeKind, readonly string[]>> = {
  plain: [],
  systemd: ["systemd", "systemd-sysv", "dbus", "ca-certificates"],
};

/** Packages that are not named like their program. */
const PACKAGE_OF: Readonly<Record<string, string>> = {
  "systemd-analyze": "systemd",
  "qemu-aarch64-static": "qemu-user-static",
  // With the C library that it needs.
  "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1": "libgcc-s1-arm64-cross",
};

/**
 * Where trees and images are kept between runs: made in two minutes, used in seconds. It may be
 * removed at any time, when no test runs.
 */
export const CACHE = join(
  Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/tmp", ".cache"),
  "teleport-email-packaging",
);

/** Sees to it that `programs` are there, by apt-get where that may be; undefined when they are. */
export async function missingPrograms(
  programs: readonly string[],
): Promise<Lacking | undefined> {
  const missing = await absent(programs);
  if (missing.length === 0) return undefined;
  const names = missing.join(", ");
  if (Deno.uid() !== 0) return lack(`not installed, and only root may install them: ${names}`);
  if ((await absent(["apt-get"])).length > 0) return lack(`not installed, no apt-get: ${names}`);
  const packages = missing.map((name) => PACKAGE_OF[name] ?? name);
  const install = () =>
    run(["apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  let result = await install();
  if (!result.ok) {
    await run(["apt-get", "update", "-q"]);
    result = await install();
  }
  if (result.ok) return undefined;
  return lack(`cannot be installed: ${names}: ${result.stderr.trim().split("\n").at(-1)}`);
}

async function absent(programs: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(programs.map((name) => run(["sh", "-c", `command -v ${name}`])));
  return programs.filter((_, index) => !found[index]?.ok);
}

function lack(why: string): Lacking {
  return { ok: false, why };
}

/** Makes the tree `kind` and packs it, or takes the one of an earlier run; the caller holds the lock. */
export async function debianTree(kind: TreeKind): Promise<string> {
  const packed = join(CACHE, `debian-${RELEASE}-${kind}.tar`);
  if (await exists(packed)) return packed;
  const dir = await Deno.makeTempDir({ dir: CACHE });
  try {
    const tree = join(dir, "tree");
    if (kind === "plain") {
      await must(["debootstrap", "--variant=minbase", RELEASE, tree, await mirror()]);
      await must(["chroot", tree, "apt-get", "clean"]);
    } else {
      await Deno.mkdir(tree);
      await must(["tar", "-C", tree, "-xf", await debianTree("plain")]);
      const install = ["apt-get", "install", "-y", "-q", "--no-install-recommends"];
      await must(["chroot", tree, ...install, ...PACKAGES[kind]]);
      await must(["chroot", tree, "apt-get", "clean"]);
    }
    await must(["tar", "-C", tree, "-cf", `${packed}.new`, "."]);
    await Deno.rename(`${packed}.new`, packed);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  return packed;
}

/** The mirror that this machine gets its own packages from. */
async function mirror(): Promise<string> {
  const sites = await must(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"]);
  const site = sites.split("\n").find((line) => line.endsWith(` ${RELEASE}`))?.split(" ")[0];
  if (site === undefined) throw new Error(`apt-get knows no mirror of '${RELEASE}'`);
  return site;
}

/** Runs `action` while no other test run changes the cache. */
export async function withCache<T>(action: () => Promise<T>): Promise<T> {
  await Deno.mkdir(CACHE, { recursive: true });
  using file = await Deno.open(join(CACHE, "lock"), { create: true, write: true });
  await file.lock(true);
  return await action();
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
