/** A pod as the kubelet would run it, from a rendered manifest, in a container of podman. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Manifest } from "./chart.ts";
import { must } from "./command.ts";
import { Container } from "./podman.ts";

/** Files by the name of their secret or config map. */
export type Sources = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The volumes of a pod, as folders below `dir`. */
export class Volumes {
  #version = 0;

  constructor(private readonly dir: string, private readonly pod: Manifest) {}

  path(volume: string): string {
    return join(this.dir, volume);
  }

  /**
   * Writes what the sources hold. As the kubelet does, each file is a link by way of `..data`, which is
   * exchanged at once; the group is `fsGroup`.
   */
  async write(sources: Sources): Promise<void> {
    const version = `..${this.#version++}`;
    for (const { name, secret, configMap } of this.pod.volumes) {
      const { items, defaultMode } = secret ?? configMap;
      const source = sources[secret?.secretName ?? configMap.name];
      assert.ok(source, `there is no source for the volume '${name}'`);
      const dir = join(this.path(name), version);
      await Deno.mkdir(dir, { recursive: true });
      const all = Object.keys(source).map((key) => ({ key, path: key }));
      for (const { key, path } of items ?? all) {
        assert.ok(source[key] !== undefined, `the volume '${name}' wants the key '${key}'`);
        await Deno.writeTextFile(join(dir, path), source[key]);
        await Deno.chmod(join(dir, path), defaultMode ?? 0o644);
        await Deno.chown(join(dir, path), 0, this.pod.securityContext.fsGroup);
        const link = join(this.path(name), path);
        if (version === "..0") await Deno.symlink(`..data/${path}`, link);
      }
      await Deno.symlink(version, join(this.path(name), "..new"));
      await Deno.rename(join(this.path(name), "..new"), join(this.path(name), "..data"));
    }
  }
}

/** Runs the only container of `pod` with `image` in the place of its own, on the machine's network. */
export async function startPod(
  image: string,
  pod: Manifest,
  volumes: Volumes,
): Promise<Container> {
  const [container] = pod.containers;
  const { securityContext: rights } = container;
  assert.deepEqual(rights.capabilities, { drop: ["ALL"] });
  const mounts: string[] = [];
  for (const { name, mountPath, subPath, readOnly } of container.volumeMounts) {
    const path = volumes.path(name);
    // The kubelet makes room for a volume inside another one.
    for (const outer of container.volumeMounts) {
      if (!mountPath.startsWith(`${outer.mountPath}/`)) continue;
      const inside = mountPath.slice(outer.mountPath.length + 1);
      await must(["mkdir", "-p", join(volumes.path(outer.name), inside)]);
    }
    const from = subPath === undefined ? path : await Deno.realPath(join(path, subPath));
    mounts.push(`--volume=${from}:${mountPath}${readOnly ? ":ro" : ""}`);
  }
  const { runAsUser, runAsGroup, fsGroup } = pod.securityContext;
  return await Container.start(image, [
    ...mounts,
    ...container.env.map(({ name, value }: Manifest) => `--env=${name}=${value}`),
    `--user=${runAsUser}:${runAsGroup}`,
    `--group-add=${fsGroup}`,
    "--cap-drop=ALL",
    ...rights.readOnlyRootFilesystem ? ["--read-only", "--read-only-tmpfs=false"] : [],
    ...rights.allowPrivilegeEscalation ? [] : ["--security-opt=no-new-privileges"],
    "--network=host",
    "--no-healthcheck",
    `--entrypoint=${JSON.stringify(container.command)}`,
  ], container.args ?? []);
}
