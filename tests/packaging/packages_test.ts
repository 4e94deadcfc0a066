/** The .deb and the .rpm: what they hold, and the .deb on a real systemd. */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { makePackages } from "../../packaging/linux/packages.ts";
import { buildRuntimeTarball, ROOT } from "./support/build.ts";
import { must, run } from "./support/command.ts";
import { missingPrograms } from "./support/debian.ts";
import { bootMachine } from "./support/machine.ts";
import { debianImage } from "./support/podman.ts";
import { findNfpm } from "./support/tools.ts";

const MACHINE = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
const CONFIG = "/etc/teleport-email.toml";
const SERVICE = "teleport-email.service";

const nfpm = await findNfpm();
const tools = await missingPrograms([
  "dpkg-deb",
  "lintian",
  "rpm",
  "rpm2cpio",
  "cpio",
  "shellcheck",
]);
const debian = await debianImage("systemd");
for (const lack of [nfpm, tools, debian]) {
  // deno-lint-ignore no-console -- for developers running the tests
  if (lack?.ok === false) console.warn(`tests of packages are skipped: ${lack.why}`);
}
const isIgnored = !nfpm.ok || tools !== undefined;
let dist = "";
let deb = "";
let rpm = "";

Deno.test.beforeAll(async () => {
  if (!nfpm.ok || isIgnored) return;
  dist = await Deno.makeTempDir({ prefix: "teleport-email-packages-" });
  await buildRuntimeTarball(dist);
  [deb = "", rpm = ""] = await makePackages(dist, nfpm.path);
});

Deno.test.afterAll(async () => {
  if (dist !== "") await Deno.remove(dist, { recursive: true });
});

Deno.test({
  name: "lintian finds nothing in the .deb but what is overridden with a reason",
  ignore: isIgnored,
  fn: async () => {
    const { stdout } = await run(["lintian", "--fail-on", "error,warning", "--info", deb]);
    assert.equal(stdout, "");
  },
});

Deno.test({
  name: "packages have names, versions and checksums of the release",
  ignore: isIgnored,
  fn: async () => {
    const { version } = project;
    const name = `teleport-access-email-v${version}-linux-${MACHINE}`;
    assert.deepEqual([basename(deb), basename(rpm)], [`${name}.deb`, `${name}.rpm`]);
    const fields = ["Package", "Version", "Architecture"];
    const control = await must([
      "dpkg-deb",
      "--show",
      "--showformat",
      fields.map((f) => `\${${f}} `).join(""),
      deb,
    ]);
    assert.equal(control, `teleport-email ${version}-1 ${MACHINE} `);
    assert.match(await must(["rpm", "-qp", rpm]), new RegExp(`^teleport-email-${version}-1\\.`));
    const sums = await must(["sha256sum", "--check", "SHA256SUMS"], { cwd: dist });
    for (const path of [deb, rpm]) assert.ok(sums.includes(`${basename(path)}: OK`));
  },
});

Deno.test({
  name:
    "the .rpm has the configuration for the group, replaces none, and holds a program that runs",
  ignore: isIgnored,
  fn: async () => {
    const format =
      "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILEFLAGS:fflags} %{FILENAMES}\n]";
    const files = await must(["rpm", "-qp", "--qf", format, rpm]);
    assert.match(files, /^-rw-r----- root teleport-email cn \/etc\/teleport-email\.toml$/m);
    for (
      const path of [
        "systemd/system/teleport-email.service",
        "systemd/system-preset/90-teleport-email.preset",
        "sysusers.d/teleport-email.conf",
        "tmpfiles.d/teleport-email.conf",
      ]
    ) assert.ok(files.includes(` /usr/lib/${path}\n`), path);
    assert.doesNotMatch(files, /multi-user\.target\.wants/);
    const scripts = await must(["rpm", "-qp", "--scripts", rpm]);
    assert.match(scripts, /systemctl --no-reload preset teleport-email\.service/);
    const tree = await Deno.makeTempDir({ dir: dist });
    await must(["sh", "-c", 'rpm2cpio "$0" | cpio -idm --quiet', rpm], { cwd: tree });
    const version = await must([join(tree, "usr/bin/teleport-email"), "version"]);
    assert.match(version, new RegExp(`^teleport-email v${project.version}`));
  },
});

Deno.test({
  name: "shellcheck finds nothing in the scripts of the packages",
  ignore: isIgnored,
  fn: async () => {
    const scripts = ["deb/preinst", "deb/postinst", "deb/prerm", "deb/postrm"]
      .concat(["rpm/pre", "rpm/post", "rpm/preun", "rpm/postun"])
      .map((name) => join(ROOT, "packaging/linux", name));
    const { stdout } = await run(["shellcheck", "--shell=sh", ...scripts]);
    assert.equal(stdout, "");
  },
});

/** The same package with a higher version, for an upgrade. */
async function upgradeOf(path: string): Promise<string> {
  const dir = await Deno.makeTempDir({ dir: dist });
  await must(["dpkg-deb", "-R", path, dir]);
  const control = join(dir, "DEBIAN/control");
  const text = await Deno.readTextFile(control);
  await Deno.writeTextFile(control, text.replace(/^Version: .*$/m, "Version: 999.0.0-1"));
  const newer = join(dist, "newer.deb");
  await must(["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", dir, newer]);
  return newer;
}

Deno.test({
  name: "the .deb installs, upgrades, is removed and purged as Debian's own packages are",
  ignore: isIgnored || !debian.ok,
  fn: async (t) => {
    assert.ok(debian.ok);
    await upgradeOf(deb);
    await using machine = await bootMachine(debian.image, { "/packages": dist });
    const isEnabled = async () =>
      (await machine.run("systemctl", "is-enabled", SERVICE)).stdout.trim();
    const isActive = async () =>
      (await machine.run("systemctl", "is-active", SERVICE)).stdout.trim();

    await t.step(
      "it is enabled and not started, and its configuration is the group's",
      async () => {
        await machine.must("dpkg", "-i", `/packages/${basename(deb)}`);
        assert.deepEqual([await isEnabled(), await isActive()], ["enabled", "inactive"]);
        const stat = ["stat", "-c", "%a %U:%G"];
        assert.equal(await machine.must(...stat, CONFIG), "640 root:teleport-email\n");
        assert.equal(
          await machine.must(...stat, "/var/lib/teleport-email"),
          "750 root:teleport-email\n",
        );
        await machine.must("teleport-email", "version");
      },
    );

    await t.step("an upgrade keeps configuration and choices, and restarts what runs", async () => {
      // A daemon that runs needs a cluster; that it is unreachable is no reason not to start.
      const config = await machine.must("cat", CONFIG);
      await machine.write(CONFIG, `${config}# mine\n`);
      await machine.must("systemctl", "disable", SERVICE);
      await machine.must("dpkg", "-i", "/packages/newer.deb");
      assert.deepEqual([await isEnabled(), await isActive()], ["disabled", "inactive"]);
      assert.match(await machine.must("cat", CONFIG), /# mine\n$/);
      assert.equal(await machine.must("stat", "-c", "%a", CONFIG), "640\n");
    });

    await t.step("a removal leaves the configuration", async () => {
      await machine.must("dpkg", "-r", "teleport-email");
      assert.ok(!(await machine.run("test", "-e", "/usr/bin/teleport-email")).ok);
      await machine.must("test", "-e", CONFIG);
    });

    await t.step("a purge removes configuration and state", async () => {
      await machine.must("dpkg", "-P", "teleport-email");
      const { stdout } = await machine.run(
        "find",
        "/etc",
        "/usr",
        "/var/lib",
        "-name",
        "*teleport-email*",
      );
      assert.doesNotMatch(stdout, /teleport-email\.(toml|service)|\/var\/lib\/teleport-email/);
      assert.notEqual(await isEnabled(), "enabled");
    });
  },
});
