/** Containers for the packaging tests: images and containers of their own, apart from the machine's. */

import { join } from "node:path";
import { type Finished, must, run } from "./command.ts";
import {
  CACHE,
  debianTree,
  type Lacking,
  missingPrograms,
  type TreeKind,
  withCache,
} from "./debian.ts";

/** crun does not start where both versions of control groups are mounted. */
const RUNTIME = ["--runtime", "runc"];
const STORAGE = [
  "--root",
  join(CACHE, "storage"),
  "--runroot",
  join(CACHE, "run"),
  "--storage-driver",
  "overlay",
];

/** Podman asks for higher limits than a root without `CAP_SYS_RESOURCE` may give. */
export const LIMITS = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=32768:32768"];

/** The command line of podman on the tests' own storage. */
export function podman(...args: readonly string[]): readonly string[] {
  return ["podman", ...RUNTIME, ...STORAGE, ...args];
}

/** The command line of buildah on the same storage. */
export function buildah(...args: readonly string[]): readonly string[] {
  return ["buildah", ...STORAGE, ...args];
}

export type ImageResult = { readonly ok: true; readonly image: string } | Lacking;

/** An image of a small Debian, made when there is none; says why when containers cannot be had here. */
export async function debianImage(kind: TreeKind): Promise<ImageResult> {
  if (Deno.uid() !== 0) return { ok: false, why: "containers are made as root here" };
  return await withCache(async () => {
    const lacking = await missingPrograms(["podman", "runc", "buildah", "debootstrap"]);
    if (lacking !== undefined) return lacking;
    const image = `localhost/teleport-email-debian:${kind}`;
    if (!(await run(podman("image", "exists", image))).ok) {
      try {
        await must(podman("import", await debianTree(kind), image));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { ok: false, why: `no Debian can be made here: ${why}` };
      }
    }
    const tried = await run(podman("run", "--rm", ...LIMITS, "--network=none", image, "true"));
    if (tried.ok) return { ok: true, image };
    return { ok: false, why: `containers do not start here: ${tried.stderr.trim()}` };
  });
}

/** A container that runs until it is disposed. */
export class Container implements AsyncDisposable {
  private constructor(readonly id: string) {}

  /** Starts `command` in a container of `image`, with more options for `podman run`. */
  static async start(
    image: string,
    options: readonly string[],
    command: readonly string[],
  ): Promise<Container> {
    const id = await must(podman("run", "-d", ...LIMITS, ...options, image, ...command));
    return new Container(id.trim());
  }

  /** Runs `command` inside; a failure is a result like others. */
  run(...command: readonly string[]): Promise<Finished> {
    return run(podman("exec", this.id, ...command));
  }

  /** Runs `command` inside and returns what it said on stdout; throws when it fails. */
  must(...command: readonly string[]): Promise<string> {
    return must(podman("exec", this.id, ...command));
  }

  /** Writes a file inside, over one that is there, whose owner and mode stay. */
  async write(path: string, content: string): Promise<void> {
    await this.must("sh", "-c", 'printf %s "$2" > "$1"', "sh", path, content);
  }

  /** Stops and starts it again; what was written stays. */
  async restart(): Promise<void> {
    await must(podman("restart", "-t", "10", this.id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(podman("rm", "-f", "-t", "0", this.id));
  }
}
