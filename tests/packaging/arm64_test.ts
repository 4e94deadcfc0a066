/** The tarball for arm64, where a machine of that kind can be emulated. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../src/version.ts";
import { onStage } from "../support.ts";
import { build, inFolder, tarballIn, unpack } from "./support/build.ts";
import { must, run } from "./support/command.ts";
import { type Lacking, missingPrograms } from "./support/debian.ts";
import { findGenuinePair } from "./support/genuine_pair.ts";

const LIBRARIES = "/usr/aarch64-linux-gnu";
const EMULATOR = ["qemu-aarch64-static", "-L", LIBRARIES];

/** What is missing, if anything: an emulator with a C library, or Deno for arm64. */
async function lacking(): Promise<Lacking | undefined> {
  const linker = `${LIBRARIES}/lib/ld-linux-aarch64.so.1`;
  const missing = await missingPrograms(["qemu-aarch64-static", linker]);
  if (missing !== undefined) return missing;
  const index = await run(["python3", "-m", "pip", "--version"]).catch(() => undefined);
  return index?.ok ? undefined : { ok: false, why: "no pip, which Deno for arm64 comes from" };
}

const missing = Deno.build.arch === "aarch64" ? undefined : await lacking();
// deno-lint-ignore no-console -- tells why tests are skipped
if (missing !== undefined) console.warn(`the test of arm64 is skipped: ${missing.why}`);

const pair = missing ?? await findGenuinePair("aarch64");
// deno-lint-ignore no-console -- tells why tests are skipped
if (missing === undefined && !pair.ok) console.warn(`one executable for arm64: ${pair.why}`);

/** Runs a program for arm64. */
function runArm64(program: string, ...args: readonly string[]): Promise<string> {
  return must([...Deno.build.arch === "aarch64" ? [] : EMULATOR, program, ...args]);
}

Deno.test({
  name: "the runtime form for arm64 runs on arm64",
  ignore: missing !== undefined,
  fn: () =>
    inFolder(async (dir) => {
      const built = await build(dir, ["--form=runtime", "--target=aarch64"]);
      assert.ok(built.ok, built.stderr);
      const top = await unpack(await tarballIn(dir, "arm64"), dir);
      const deno = join(top, "lib/teleport-email/deno");
      if (Deno.build.arch !== "aarch64") {
        await Deno.rename(deno, `${deno}.arm64`);
        const emulated = [...EMULATOR, `"$0.arm64"`].join(" ");
        await Deno.writeTextFile(deno, `#!/bin/sh\nexec ${emulated} "$@"\n`, { mode: 0o755 });
      }
      const version = await must([join(top, "teleport-email"), "version"]);
      assert.match(version, new RegExp(`^teleport-email v${VERSION} .*deno2\\.9\\.3\n$`));
    }),
});

Deno.test({
  name: "one executable for arm64 is compiled on another machine, and sends emails on arm64",
  ignore: !pair.ok,
  fn: () =>
    inFolder(async (dir) => {
      assert.ok(pair.ok);
      const env = { DENO: pair.deno, DENORT_BIN: pair.denort };
      const built = await build(dir, ["--target=aarch64"], env);
      assert.ok(built.ok, built.stderr);
      const top = await unpack(await tarballIn(dir, "arm64"), dir);
      const program = join(top, "teleport-email");
      const version = new RegExp(`^teleport-email v${VERSION} .*deno${pair.version}\n$`);
      assert.match(await runArm64(program, "version"), version);
      // Deno 2.7.11 cannot talk to a cluster, but to a mail server by STARTTLS.
      await onStage({}, async ({ playground: { mail, paths } }) => {
        const args = ["test-mail", "--config", paths.config, "a@example.com"];
        assert.match(await runArm64(program, ...args), /\n5 emails accepted\n$/);
        assert.equal(mail.mails.length, 5);
        for (const { tls, user } of mail.mails) assert.deepEqual([tls, user], [true, "teleport"]);
      });
    }),
});
