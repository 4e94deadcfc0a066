/**
 * Runs what was built. `deno compile` with a whole Deno as its base, for example, makes an executable
 * that ignores the program and opens a prompt, without a complaint.
 */

import { join } from "node:path";
import { identityFileText, issueIdentity } from "../../sim/pki/identity.ts";
import { createPki } from "../../sim/pki/pki.ts";
import { EXAMPLE } from "../../src/config/example.ts";
import { type Output, run } from "./command.ts";
import { BuildError } from "./fail.ts";
import type { Source } from "./source.ts";

interface Expectation {
  readonly args: readonly string[];
  readonly code: number;
  /** What the output has to contain. */
  readonly says: string;
}

/** @throws {BuildError} if the executable is not this program, or does not work */
export async function probe(program: string, source: Source): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "teleport-email-probe-" });
  try {
    for (const expectation of await expectations(folder, source)) {
      // An empty environment, as a service has it; nothing of the build may be needed.
      const env = { HOME: folder, NO_COLOR: "1", PATH: "/usr/bin:/bin" };
      const output = await run(program, expectation.args, { env, clearEnv: true, cwd: folder });
      compare(program, expectation, output);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function expectations(folder: string, source: Source): Promise<readonly Expectation[]> {
  const ref = source.gitRef === "" ? "" : ` git:${source.gitRef}`;
  const good = join(folder, "good.toml");
  const broken = join(folder, "broken.toml");
  const identity = join(folder, "identity");
  const issued = await issueIdentity(await createPki("probe.example.com"));
  await Deno.writeTextFile(identity, identityFileText(issued));
  await Deno.writeTextFile(good, configuration(identity, 587));
  await Deno.writeTextFile(broken, configuration(identity, -1));
  const check = ["check", "--offline", "--config"];
  return [
    { args: ["version"], code: 0, says: `teleport-email v${source.version}${ref} deno` },
    { args: ["configure"], code: 0, says: EXAMPLE },
    // A warning of the runtime is no fault of the build: bases of other versions have one.
    { args: [...check, good], code: 0, says: "\n0 problems, " },
    { args: [...check, broken], code: 1, says: "smtp.port" },
  ];
}

function configuration(identity: string, port: number): string {
  return `[teleport]
addr = "localhost:3025"
identity = "${identity}"
[smtp]
host = "localhost"
port = ${port}
[delivery]
sender = "teleport@example.com"
[role_to_recipients]
"*" = "security@example.com"
`;
}

function compare(program: string, { args, code, says }: Expectation, output: Output): void {
  const said = output.stdout + output.stderr;
  if (output.code === code && said.includes(says)) return;
  throw new BuildError(
    `What was built is not this program, or does not work (is the base a 'denort' of the same ` +
      `version as the Deno that compiled?): '${program} ${args.join(" ")}' ended with code ` +
      `${output.code} (expected ${code}) and printed\n${said.slice(0, 2000)}\n` +
      `(expected '${says.slice(0, 200)}')`,
  );
}
