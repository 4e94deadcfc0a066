import assert from "node:assert/strict";
import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { checkServiceAccess } from "./service_access.ts";

/** Runs a test with a configuration whose identity is below a directory of this mode. */
async function findingsFor(mode: number, groups: string): Promise<readonly string[]> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.chmod(dir, 0o755);
    const closed = join(dir, "teleport");
    await Deno.mkdir(closed);
    await Deno.writeTextFile(join(dir, "group"), groups);
    await Deno.chmod(closed, mode);
    const identity = join(closed, "plugins/identity");
    const config = {
      teleport: { credentials: { kind: "identity", path: identity } },
      roleToRecipients: new Map([["/admin", ["/x@example.com"]]]),
      log: { output: { kind: "file", path: join(closed, "x.log") } },
    } as unknown as Config;
    const found = checkServiceAccess("/etc/teleport-email.toml", config, join(dir, "group"));
    return (await Array.fromAsync(found)).map(({ level, text }) =>
      `${level}: ${text.replaceAll(dir, "")}`
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const GROUPS = "root:x:0:\nteleport-email:x:998:\n";

Deno.test({
  name: "checkServiceAccess() warns about a directory that only root can pass",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    assert.deepEqual(await findingsFor(0o700, GROUPS), [
      "warning: directory '/teleport' has mode 0700: only root can pass it, so the service cannot " +
      "read '/teleport/plugins/identity'",
    ]);
  },
});

Deno.test("checkServiceAccess() finds nothing where others can pass, or without the service", async () => {
  assert.deepEqual(await findingsFor(0o711, GROUPS), []);
  assert.deepEqual(await findingsFor(0o750, GROUPS), []);
  assert.deepEqual(await findingsFor(0o700, "root:x:0:\n"), []);
});
