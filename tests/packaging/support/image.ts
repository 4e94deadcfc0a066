/** The container image, built of a tarball from a base that is made here: none can be pulled. */

import { join } from "node:path";
import { must } from "./command.ts";
import { buildah, podman } from "./podman.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

export interface BuiltImage extends AsyncDisposable {
  readonly id: string;
}

/** Builds the Dockerfile with `tarball` in `dist`; the local image `base` stands for the name `from`. */
export async function buildImage(
  { tarball, base, from }: {
    readonly tarball: string;
    readonly base: string;
    readonly from: string;
  },
): Promise<BuiltImage> {
  const context = await Deno.makeTempDir({ prefix: "teleport-email-image-" });
  try {
    await Deno.mkdir(join(context, "dist"));
    await must(["cp", tarball, join(context, "dist")]);
    for (const name of ["Dockerfile", ".dockerignore", "README.md"]) {
      await Deno.copyFile(join(ROOT, name), join(context, name));
    }
    await must(podman("tag", base, from));
    // Only Docker's format has health checks.
    const bud = buildah("bud", "--isolation", "chroot", "--pull-never", "--format", "docker");
    const idFile = join(context, "id");
    await must([...bud, "--build-arg", `BASE=${from}`, "--iidfile", idFile, context]);
    const id = (await Deno.readTextFile(idFile)).trim();
    return { id, [Symbol.asyncDispose]: async () => void await must(podman("rmi", "-f", id)) };
  } finally {
    await Deno.remove(context, { recursive: true });
  }
}
