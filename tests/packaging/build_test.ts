/** The runtime form: what `deno task build` makes, and what becomes of it where it is unpacked. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { VERSION } from "../../src/version.ts";
import { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { startPlayground } from "../../sim/playground/playground.ts";
import { filesIn } from "../docs/files.ts";
import { linksIn } from "../docs/markdown.ts";
import { build, inFolder, tarballIn, unpack } from "./support/build.ts";
import { must, run } from "./support/command.ts";
import { findBomValidator } from "./support/tools.ts";

const MACHINE = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
/** 1 February 2026. */
const EPOCH = 1_769_904_000;
const validator = await findBomValidator();
// deno-lint-ignore no-console -- tells why tests are skipped
if (!validator.ok) console.warn(`the list of contents is not validated: ${validator.why}`);
let out = "";
let tarball = "";

Deno.test.beforeAll(async () => {
  out = await Deno.makeTempDir({ prefix: "teleport-email-build-test-" });
  const { ok, stderr } = await build(out, ["--form=runtime", "--verify"], {
    SOURCE_DATE_EPOCH: String(EPOCH),
  });
  assert.ok(ok, stderr);
  tarball = await tarballIn(out, MACHINE);
});

Deno.test.afterAll(async () => {
  await Deno.remove(out, { recursive: true });
});

Deno.test("the tarball has the original's name and directory, and what the documentation promises", async () => {
  assert.ok(tarball.endsWith(`/teleport-access-email-v${VERSION}-linux-${MACHINE}-bin.tar.gz`));
  const names = (await must(["tar", "-tzf", tarball])).trimEnd().split("\n")
    .filter((name) => !name.endsWith("/"))
    .map((name) => name.replace(/^teleport-access-email\//, ""));
  const docs = names.filter((name) => name.startsWith("docs/"));
  assert.deepEqual(docs.toSorted(), await filesIn("docs"));
  assert.deepEqual(names.filter((name) => !docs.includes(name)), [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "THIRD-PARTY-LICENSES",
    "VERSION",
    "bench/README.md",
    "completions/_teleport-email",
    "completions/teleport-email.bash",
    "completions/teleport-email.fish",
    "install",
    "lib/teleport-email/deno",
    "lib/teleport-email/teleport-email.cache",
    "lib/teleport-email/teleport-email.cjs",
    "lib/teleport-email/teleport-email.js",
    "packaging/chart/teleport-plugin-email/README.md",
    "packaging/monitoring/alerts.yaml",
    "packaging/monitoring/alerts_test.yaml",
    "packaging/monitoring/dashboard.json",
    "packaging/systemd/narrow-addresses.conf",
    "packaging/systemd/notify-reload.conf",
    "packaging/systemd/sysusers.conf",
    "packaging/systemd/teleport-email.preset",
    "packaging/systemd/tmpfiles.conf",
    "teleport-email",
    "teleport-email.1",
    "teleport-email.service",
    "teleport-email.toml",
  ]);
});

Deno.test("every link of the pages in the tarball leads to a file in it", async () => {
  await inFolder(async (dir) => {
    const top = await unpack(tarball, dir);
    const names = [...await filesIn("docs"), "README.md", "SECURITY.md", "CHANGELOG.md"];
    const missing: string[] = [];
    for (const name of names.filter((name) => name.endsWith(".md"))) {
      for (const link of linksIn(await Deno.readTextFile(join(top, name)))) {
        const [path = ""] = link.split("#");
        if (path === "" || /^[a-z]+:/.test(path)) continue;
        const found = await Deno.stat(join(top, dirname(name), path)).catch(() => undefined);
        if (found === undefined) missing.push(`${name}: ${path}`);
      }
    }
    assert.deepEqual(missing, []);
  });
});

Deno.test("everything in the tarball has one owner, one time and one of two modes", async () => {
  const listed = await must(["tar", "--utc", "--full-time", "-tvzf", tarball]);
  const lines = listed.trimEnd().split("\n").map((line) => line.split(/ +/));
  assert.deepEqual([...new Set(lines.map(([, owner]) => owner))], ["0/0"]);
  const times = new Set(lines.map(([, , , day, time]) => `${day} ${time}`));
  assert.deepEqual([...times], ["2026-02-01 00:00:00"]);
  const executable = lines.filter(([mode]) => mode === "-rwxr-xr-x").map((line) => line.at(-1));
  const names = ["install", "lib/teleport-email/deno", "teleport-email"];
  assert.deepEqual(executable, names.map((name) => `teleport-access-email/${name}`));
  const modes = new Set(lines.map(([mode]) => mode));
  assert.deepEqual([...modes].sort(), ["-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x"]);
});

Deno.test("SHA256SUMS covers everything that was built", async () => {
  const checked = await must(["sha256sum", "--check", "SHA256SUMS"], { cwd: out });
  assert.equal(checked.trimEnd().split("\n").length, 2);
});

Deno.test("the program runs where it was unpacked, by any path and through links", async () => {
  await inFolder(async (dir) => {
    const top = await unpack(tarball, join(dir, "a folder with 'odd' name"));
    const program = join(top, "teleport-email");
    await Deno.symlink(program, join(dir, "teleport-email"));
    await Deno.symlink("teleport-email", join(dir, "again"));
    const expected = new RegExp(`^teleport-email v${VERSION}( git:\\S+)? deno2\\.9\\.3\n$`);
    assert.match(await must([program, "version"]), expected);
    assert.match(await must(["./teleport-email", "version"], { cwd: top }), expected);
    assert.match(await must([join(dir, "again"), "version"], { cwd: "/" }), expected);
    const env = { PATH: `${dir}:${Deno.env.get("PATH")}` };
    assert.match(await must(["sh", "-c", "again version"], { cwd: "/", env }), expected);
  });
});

Deno.test("the program runs where install put it, below DESTDIR", async () => {
  await inFolder(async (dir) => {
    const top = await unpack(tarball, dir);
    const dest = join(dir, "dest");
    await must([join(top, "install"), "--prefix", "/usr"], { env: { DESTDIR: dest } });
    await Deno.remove(top, { recursive: true });
    const sample = await must([join(dest, "usr/bin/teleport-email"), "configure"]);
    assert.match(sample, /^# Example email plugin configuration TOML file\n/);
  });
});

Deno.test("a command prints nothing of the runtime's on a terminal, also as another user", async () => {
  await inFolder(async (dir) => {
    await Deno.chmod(dir, 0o755);
    const program = join(await unpack(tarball, dir), "teleport-email");
    for (const args of ["version", "preview", "health -c /nowhere"]) {
      const typed = `'${program}' ${args}`;
      const piped = await run(["sh", "-c", `${typed} 2>&1`]);
      // script(1) gives the command a pseudo terminal, which writes CR LF.
      const onTerminal = (await run(["script", "-qec", typed, "/dev/null"])).stdout;
      assert.equal(onTerminal.replaceAll("\r\n", "\n"), piped.stdout, args);
    }
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i"];
    const script = ["script", "-qec", `'${program}' version`, "/dev/null"];
    const shown = await must([...Deno.uid() === 0 ? nobody : [], ...script]);
    assert.match(shown, /^teleport-email v\S+( git:\S+)? deno2\.9\.3\r\n$/);
  });
});

Deno.test("a launcher without its library reports what is missing", async () => {
  await inFolder(async (dir) => {
    const top = await unpack(tarball, dir);
    await Deno.rename(join(top, "lib"), join(dir, "elsewhere"));
    const { code, stderr } = await run([join(top, "teleport-email"), "version"]);
    assert.equal(code, 1);
    assert.match(stderr, /^teleport-email: error: cannot find 'teleport-email\.js' in .*install/);
  });
});

Deno.test("signals reach the program itself, which delivers mails and ends well", async () => {
  await inFolder(async (dir) => {
    const program = join(await unpack(tarball, dir), "teleport-email");
    await using playground = await startPlayground({ dir });
    await using plugin = new PluginProcess(playground.paths.config, { program });
    await plugin.waitFor(/Plugin is ready/);
    assert.match(await Deno.readLink(`/proc/${plugin.pid}/exe`), /lib\/teleport-email\/deno$/);
    playground.cluster.create({ user: "alice@example.com", roles: ["dba"] });
    await playground.mail.waitForMails(1);
    plugin.signal("SIGHUP");
    await plugin.waitFor(/[Rr]eload/);
    assert.equal(await plugin.stop(), 0);
  });
});

Deno.test("the program contains no path of the build machine", async () => {
  await inFolder(async (dir) => {
    const top = await unpack(tarball, dir);
    for (const name of ["teleport-email.cjs", "teleport-email.cache"]) {
      const bytes = await Deno.readFile(join(top, "lib/teleport-email", name));
      const text = new TextDecoder("latin1").decode(bytes);
      for (const path of [Deno.env.get("HOME") ?? "/root", Deno.cwd(), "/tmp/"]) {
        assert.ok(!text.includes(path.replace(/\/?$/, "/")), `${name}: ${path}`);
      }
    }
  });
});

const VALIDATE = `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
sys.exit(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()))
`;

Deno.test({
  name: "the SBOM is valid CycloneDX",
  ignore: !validator.ok,
  fn: async () => {
    assert.ok(validator.ok);
    const bom = join(out, `teleport-access-email-v${VERSION}.cdx.json`);
    await must([validator.path, "-c", VALIDATE, bom]);
  },
});

Deno.test("SBOM and licences name what is bundled, and no tool of the tests", async () => {
  const bom = JSON.parse(
    await Deno.readTextFile(join(out, `teleport-access-email-v${VERSION}.cdx.json`)),
  );
  const names: string[] = bom.components.map(
    ({ group, name }: { group?: string; name: string }) => group ? `${group}/${name}` : name,
  );
  const licences = await must([
    "tar",
    "-xzOf",
    tarball,
    "teleport-access-email/THIRD-PARTY-LICENSES",
  ]);
  for (const name of ["deno", "@grpc/grpc-js", "nodemailer", "mailgun.js", "axios", "liquidjs"]) {
    assert.ok(names.includes(name), name);
    assert.match(licences, new RegExp(`^${name.replace(".", "\\.")} \\d\\S* \\(`, "m"));
  }
  for (const name of ["fast-check", "smtp-server", "@bufbuild/buf"]) {
    assert.ok(!names.includes(name), name);
  }
});
