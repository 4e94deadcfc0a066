/** The container image, built of a tarball from a base that is made here: none can be pulled. */

import { join } from "node:path";
import { ROOT } from "./build.ts";
import { must, run } from "./command.ts";
import { debianTree, withCache } from "./debian.ts";
import { buildah, podman } from "./podman.ts";

export interface BuiltImage extends AsyncDisposable {
  readonly id: string;
}

export interface ImageOptions {
  /** What lies in `dist`. */
  readonly tarballs: readonly string[];
  /** A local image, which the Dockerfile's base is made a name of; none for `from: "scratch"`. */
  readonly base?: string;
  /** The base; the default of the Dockerfile without it. */
  readonly from?: string;
  /** Such as `linux/arm64`; this machine's without it. */
  readonly platform?: string;
  /** Seconds since 1970 that every file gets, as a release does it. */
  readonly epoch?: number;
}

/** Builds the Dockerfile. */
export async function buildImage(
  { tarballs, base, from, platform, epoch }: ImageOptions,
): Promise<BuiltImage> {
  const context = await Deno.makeTempDir({ prefix: "teleport-email-image-" });
  try {
    await Deno.mkdir(join(context, "dist"));
    await must(["cp", ...tarballs, join(context, "dist")]);
    for (const name of ["Dockerfile", ".dockerignore", "README.md"]) {
      await Deno.copyFile(join(ROOT, name), join(context, name));
    }
    if (base !== undefined) await must(podman("tag", base, from ?? await defaultBase()));
    // Only Docker's format has health checks.
    const bud = buildah("bud", "--isolation", "chroot", "--pull-never", "--format", "docker");
    const choices = [
      ...from === undefined ? [] : ["--build-arg", `BASE=${from}`],
      ...platform === undefined ? [] : ["--platform", platform],
      ...epoch === undefined ? [] : ["--timestamp", String(epoch)],
    ];
    const idFile = join(context, "id");
    await must([...bud, ...choices, "--iidfile", idFile, context]);
    const id = (await Deno.readTextFile(idFile)).trim();
    return { id, [Symbol.asyncDispose]: async () => void await must(podman("rmi", "-f", id)) };
  } finally {
    await Deno.remove(context, { recursive: true });
  }
}

async function defaultBase(): Promise<string> {
  const text = await Deno.readTextFile(join(ROOT, "Dockerfile"));
  const name = /^ARG BASE=(\S+)$/m.exec(text)?.[1];
  if (name === undefined) throw new Error("the Dockerfile has no line 'ARG BASE='");
  return name;
}

/** What `distroless/cc` has of Debian, and no more: no shell, no other program. */
const C_LIBRARY = [
  "./lib",
  "./lib64",
  "./usr/lib64",
  "./etc/passwd",
  ...["ld-linux-*", "libc.so.*", "libm.so.*", "libdl.so.*", "libpthread.so.*", "librt.so.*"],
  ...["libgcc_s.so.*", "libresolv.so.*", "libnss_*.so.*"],
].map((name) => name.startsWith(".") ? name : `./usr/lib/*-linux-gnu/${name}`);

/** An image with a C library and nothing else, made when there is none. */
export async function cLibraryImage(): Promise<string> {
  const image = "localhost/teleport-email-c-library";
  return await withCache(async () => {
    if ((await run(podman("image", "exists", image))).ok) return image;
    const dir = await Deno.makeTempDir();
    try {
      const [tree, packed] = [join(dir, "tree"), join(dir, "tree.tar")];
      await Deno.mkdir(tree);
      const unpack = ["tar", "-xf", await debianTree("plain"), "-C", tree, "--wildcards"];
      await must([...unpack, "--no-wildcards-match-slash", ...C_LIBRARY]);
      await must(["tar", "-C", tree, "-cf", packed, "."]);
      await must(podman("import", packed, image));
      return image;
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
