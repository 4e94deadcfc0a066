/**
 * Exim from Debian's packages, unpacked into a folder and installed nowhere. Its files are given to
 * `nobody`, and it runs as that: no user is made for it.
 */

import { join } from "node:path";

/** Also the group. */
export const NOBODY = 65534;

/** Debian's Exim looks this user up when it starts, whatever its configuration says. */
const BUILT_IN_USER = "Debian-exim";

export interface EximProgram {
  readonly path: string;
  /** What it needs to run; it has to be told to keep it, as it starts itself anew. */
  readonly env: Readonly<Record<string, string>>;
}

export type EximResult =
  | { readonly ok: true; readonly program: EximProgram }
  /** Why it cannot be had here. */
  | { readonly ok: false; readonly why: string };

/** Fetches what this machine lacks and unpacks it in `dir`; takes some seconds. */
export async function fetchExim(dir: string): Promise<EximResult> {
  const lack = (why: string) => ({ ok: false, why } as const);
  if (Deno.uid() !== 0) return lack("only root can give files to the user that Exim runs as");
  for (const tool of ["apt-get", "dpkg", "setpriv"]) {
    if (!(await run(["sh", "-c", `command -v ${tool}`])).ok) return lack(`there is no '${tool}'`);
  }
  const goal = "exim4-daemon-light";
  const plan = await run(["apt-get", "install", "-s", "--no-install-recommends", goal]);
  const missing = [...plan.text.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? "");
  const names = new Set([goal, "libnss-wrapper", ...missing]);
  // It asks questions and has nothing that is needed here.
  names.delete("exim4-config");
  const fetched = await run(["apt-get", "download", ...names], dir);
  if (!fetched.ok) return lack(`'apt-get download' failed: ${lastLine(fetched.text)}`);
  for (const { name } of await Array.fromAsync(Deno.readDir(dir))) {
    const unpacked = await run(["dpkg", "-x", name, "root"], dir);
    if (!unpacked.ok) return lack(`'dpkg -x ${name}' failed: ${lastLine(unpacked.text)}`);
  }
  const program = { path: join(dir, "root/usr/sbin/exim4"), env: await environment(dir) };
  // Without the set-user-id bit it runs as whoever starts it.
  await Deno.chmod(program.path, 0o755);
  await Deno.chmod(dir, 0o755);
  const { text } = await run(asNobody([program.path, "-bV"]), dir, program.env);
  return /^Exim version /m.test(text)
    ? { ok: true, program }
    : lack(`exim does not run: ${lastLine(text)}`);
}

/** The command line that runs another one as nobody, without any right of root's. */
export function asNobody(command: readonly string[]): readonly string[] {
  return ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", ...command];
}

/** Its libraries, and a list of users of its own, in which the one it was built for is nobody. */
async function environment(dir: string): Promise<Record<string, string>> {
  const [passwd, group] = [join(dir, "passwd"), join(dir, "group")];
  const user = `${BUILT_IN_USER}:x:${NOBODY}:${NOBODY}::/nonexistent:/usr/sbin/nologin`;
  await Deno.writeTextFile(passwd, `${user}\nroot:x:0:0::/:/bin/sh\n`);
  await Deno.writeTextFile(group, `${BUILT_IN_USER}:x:${NOBODY}:\nroot:x:0:\n`);
  // Named for the architecture.
  const lib = join(dir, "root/usr/lib");
  const folders = (await Array.fromAsync(Deno.readDir(lib))).map(({ name }) => join(lib, name));
  return {
    LD_LIBRARY_PATH: folders.join(":"),
    LD_PRELOAD: "libnss_wrapper.so",
    NSS_WRAPPER_PASSWD: passwd,
    NSS_WRAPPER_GROUP: group,
  };
}

async function run(
  [command = "", ...args]: readonly string[],
  cwd = "/",
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const output = await new Deno.Command(command, { args, cwd, env, stdin: "null" }).output();
  const decoder = new TextDecoder();
  const text = decoder.decode(output.stdout) + decoder.decode(output.stderr);
  return { ok: output.success, text };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
