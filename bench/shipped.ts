/** The program in the form that is shipped, built for the benchmark. */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface Shipped extends AsyncDisposable {
  /** Path of the launcher. */
  readonly program: string;
}

/** Builds the runtime form and unpacks it. */
export async function buildShipped(): Promise<Shipped> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-shipped-" });
  const build = ["run", "-A", "packaging/build/main.ts", "--form=runtime", `--out=${dir}`];
  await must(Deno.execPath(), build);
  const tarballs = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  const tarball = tarballs.find((name) => name.endsWith(".tar.gz"));
  if (tarball === undefined) throw new Error(`Cannot find the tarball in '${dir}'`);
  await must("tar", ["-xzf", `${dir}/${tarball}`, "-C", dir, "--strip-components=1"]);
  return {
    program: `${dir}/teleport-email`,
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], cwd: ROOT })
    .output();
  if (!success) throw new Error(`Cannot run '${program}': ${new TextDecoder().decode(stderr)}`);
}
