/** The compiled form: with a genuine base executable where one can be had, and without one. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { BUNDLE } from "../../packaging/build/bundle.ts";
import { compile } from "../../packaging/build/compile.ts";
import { TARGETS } from "../../packaging/build/target.ts";
import { build, inFolder, tarballIn, unpack } from "./support/build.ts";
import { must, run } from "./support/command.ts";
import { findGenuinePair } from "./support/genuine_pair.ts";
import { bundleProbe, tryPermissions } from "./support/probe.ts";

const pair = await findGenuinePair("x86_64");
if (!pair.ok) {
  // deno-lint-ignore no-console -- tells why tests are skipped
  console.warn(`tests of one executable are skipped: ${pair.why}`);
}

/** The environment of a build with the pair, and nothing of ours in it. */
const environment = pair.ok ? { DENO: pair.deno, DENORT_BIN: pair.denort } : {};
const ZIP = "denort-x86_64-unknown-linux-gnu.zip";
/** A proxy that is not there: nothing can be downloaded. */
const OFFLINE = { HTTPS_PROXY: "http://127.0.0.1:9", HTTP_PROXY: "http://127.0.0.1:9" };

Deno.test({
  name: "one executable is built, the same twice, and works alone",
  ignore: !pair.ok,
  fn: () =>
    inFolder(async (dir) => {
      const { ok, stderr } = await build(dir, ["--verify"], environment);
      assert.ok(ok, stderr);
      assert.match(stderr, /Same in both builds: [0-9a-f]{64} {2}teleport-access-email-v/);
      const top = await unpack(await tarballIn(dir, "amd64"), dir);
      const alone = join(dir, "alone");
      await Deno.rename(join(top, "teleport-email"), alone);
      await Deno.remove(top, { recursive: true });
      const version = pair.ok ? pair.version : "";
      assert.match(await must([alone, "version"]), new RegExp(` deno${version}\n$`));
      const sample = join(dir, "sample.toml");
      await Deno.writeTextFile(sample, await must([alone, "configure"]));
      const checked = await run([alone, "check", "--offline", "--config", sample]);
      assert.equal(checked.code, 1);
      assert.match(
        checked.stdout,
        /^FAIL {2}configuration .*provide either \[mailgun\] or \[smtp\]/m,
      );
    }),
});

Deno.test({
  name: "one executable has only the permissions that were compiled in",
  ignore: !pair.ok,
  fn: () =>
    inFolder(async (dir) => {
      const [target] = TARGETS;
      assert.ok(pair.ok && target !== undefined);
      await bundleProbe(join(dir, BUNDLE));
      const compiler = { path: pair.deno, version: pair.version };
      const base = { compiler, env: { DENORT_BIN: pair.denort } };
      const source = { version: "0", gitRef: "", epoch: 0 };
      await compile(base, join(dir, BUNDLE), target, { work: dir, top: dir, source });
      await tryPermissions(join(dir, "teleport-email"), dir);
    }),
});

Deno.test({
  name: "the base executable may be in Deno's cache",
  ignore: !pair.ok,
  fn: () =>
    inFolder(async (dir) => {
      assert.ok(pair.ok);
      // The bundle needs the packages in the other cache; so this one is the compiler's alone.
      const cache = join(dir, "cache");
      const release = join(cache, "dl", "release", `v${pair.version}`);
      await Deno.mkdir(release, { recursive: true });
      const zip =
        "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').write(sys.argv[2], 'denort')";
      await must(["python3", "-c", zip, join(release, ZIP), pair.denort]);
      const deno = join(dir, "deno");
      const script = `#!/bin/sh\nDENO_DIR='${cache}' exec '${pair.deno}' "$@"\n`;
      await Deno.writeTextFile(deno, script, { mode: 0o755 });
      const { ok, stderr } = await build(dir, [], { ...OFFLINE, DENO: deno, DENORT_BIN: "" });
      assert.ok(ok, stderr);
    }),
});

Deno.test("without a base executable the build explains how to supply one", async () => {
  await inFolder(async (dir) => {
    // The packages of the bundle are in the cache already.
    const { code, stderr } = await build(dir, [], { ...OFFLINE, DENORT_BIN: "" });
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /^build: error: Cannot compile for .* no base executable 'denort' of Deno/m,
    );
    assert.match(stderr, /\. Do one of these:\n {2}1\. build with --form=runtime, /);
    assert.match(stderr, / 2\. build where [^]* 3\. set DENORT_BIN [^]* 4\. put [^]*denort-/);
  });
});

Deno.test("a whole Deno as base executable is detected", async () => {
  await inFolder(async (dir) => {
    const { code, stderr } = await build(dir, [], { DENORT_BIN: Deno.execPath() });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /build: error: What was built is not this program, or does not work/);
  });
});

Deno.test("a base executable for another architecture, or none, is refused before anything is built", async () => {
  await inFolder(async (dir) => {
    const other = Deno.build.arch === "aarch64" ? "x86_64" : "aarch64";
    const attempt = (path: string, ...args: string[]) => build(dir, args, { DENORT_BIN: path });
    assert.match(
      (await attempt(Deno.execPath(), "--target", other)).stderr,
      new RegExp(`it must be an executable for Linux on ${other}, and is one for`),
    );
    assert.match((await attempt("/etc/passwd")).stderr, /and is no executable$/m);
    assert.match((await attempt("/nonexistent")).stderr, /'\/nonexistent', which cannot be read/);
  });
});

Deno.test("DENO has to be a recent Deno", async () => {
  await inFolder(async (dir) => {
    const { stderr } = await build(dir, [], { DENO: "/bin/echo" });
    assert.match(stderr, /DENO is '\/bin\/echo'.*it must be Deno 2\.7 or newer/);
  });
});
