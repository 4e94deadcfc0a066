/** What the tarball unpacks to, with a program that only says its version: for tests of the scripts. */

import { join } from "node:path";
import { must } from "./command.ts";

const ROOT = new URL("../../../", import.meta.url);

export interface FakeOptions {
  /** `runtime` has a launcher with Deno and the bundle beside it. */
  readonly form: "compiled" | "runtime";
  readonly version?: string;
  /** Of the ELF header of the executable, instead of one that can be run. */
  readonly machine?: "amd64" | "arm64" | "riscv64";
}

/** The two bytes at offset 18 of an ELF header. */
const MACHINES = { amd64: [0x3e, 0], arm64: [0xb7, 0], riscv64: [0xf3, 0] } as const;

/** Makes `dir/teleport-access-email` and returns its path. */
export async function fakeTarball(
  dir: string,
  { form, version = "1.2.3", machine }: FakeOptions,
): Promise<string> {
  const top = join(dir, "teleport-access-email");
  await Deno.mkdir(join(top, "completions"), { recursive: true });
  await Deno.copyFile(new URL("install.sh", ROOT), join(top, "install"));
  await Deno.chmod(join(top, "install"), 0o755);
  await Deno.copyFile(new URL("teleport-email.service", ROOT), join(top, "teleport-email.service"));
  await must(["mkdir", "-p", join(top, "docs"), join(top, "packaging")]);
  const systemd = new URL("packaging/systemd", ROOT).pathname;
  await must(["cp", "-R", systemd, join(top, "packaging")]);
  for (
    const name of [
      "README.md",
      "teleport-email.toml",
      "docs/install.md",
      "teleport-email.1",
      "completions/teleport-email.bash",
      "completions/_teleport-email",
      "completions/teleport-email.fish",
    ]
  ) await Deno.writeTextFile(join(top, name), `${name} ${version}\n`);
  const program = `#!/bin/sh\necho "teleport-email v${version}"\n`;
  const executable = machine === undefined ? program : elfHeader(machine);
  await write(join(top, "teleport-email"), form === "compiled" ? executable : program);
  if (form === "compiled") return top;
  await Deno.mkdir(join(top, "lib/teleport-email"), { recursive: true });
  await write(join(top, "lib/teleport-email/deno"), executable);
  for (const name of ["teleport-email.js", "teleport-email.cjs", "teleport-email.cache"]) {
    await Deno.writeTextFile(join(top, "lib/teleport-email", name), `// ${version}\n`);
  }
  return top;
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  await Deno.chmod(path, 0o755);
}

function elfHeader(machine: keyof typeof MACHINES): Uint8Array {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.set([2, 0, ...MACHINES[machine]], 16);
  return header;
}
