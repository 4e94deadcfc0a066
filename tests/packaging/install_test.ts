/** install.sh, run from what the tarball unpacks to, into a folder. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Finished, run } from "./support/command.ts";
import { missingPrograms } from "./support/debian.ts";
import { fakeTarball } from "./support/fake_tarball.ts";

const MESSAGES = "Teleport Email binaries have been copied to /usr/local/bin\n";
const OTHER_MACHINE = Deno.build.arch === "aarch64" ? "amd64" : "arm64";

interface Stage {
  readonly dir: string;
  /** Below which everything is installed. */
  readonly dest: string;
  /** Runs the script of an unpacked tarball. */
  install(top: string, ...args: readonly string[]): Promise<Finished>;
  /** Every file and link below `dest`. */
  files(): Promise<readonly string[]>;
  read(path: string): Promise<string>;
}

async function onStage(test: (stage: Stage) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-install-" });
  const dest = join(dir, "dest");
  try {
    await test({
      dir,
      dest,
      install: (top, ...args) => run([join(top, "install"), ...args], { env: { DESTDIR: dest } }),
      files: async () =>
        (await run(["find", dest, "!", "-type", "d"])).stdout.trimEnd().split("\n")
          .filter((path) => path !== "").map((path) => path.slice(dest.length)).sort(),
      read: (path) => Deno.readTextFile(join(dest, path)),
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Into the running system, below a prefix of its own: for what is refused before it gets far. */
const installHere = (top: string, dest: string) =>
  run([join(top, "install"), "--prefix", join(dest, "opt")]);

const SHARED = [
  "/usr/local/share/bash-completion/completions/teleport-email",
  "/usr/local/share/doc/teleport-email/README.md",
  "/usr/local/share/doc/teleport-email/docs/install.md",
  "/usr/local/share/doc/teleport-email/packaging/systemd/narrow-addresses.conf",
  "/usr/local/share/doc/teleport-email/packaging/systemd/notify-reload.conf",
  "/usr/local/share/doc/teleport-email/packaging/systemd/sysusers.conf",
  "/usr/local/share/doc/teleport-email/packaging/systemd/teleport-email.preset",
  "/usr/local/share/doc/teleport-email/packaging/systemd/tmpfiles.conf",
  "/usr/local/share/doc/teleport-email/teleport-email.toml",
  "/usr/local/share/fish/vendor_completions.d/teleport-email.fish",
  "/usr/local/share/man/man1/teleport-email.1",
  "/usr/local/share/zsh/site-functions/_teleport-email",
];
const LIBRARY = [
  "/usr/local/lib/teleport-email/deno",
  "/usr/local/lib/teleport-email/teleport-email.cache",
  "/usr/local/lib/teleport-email/teleport-email.cjs",
  "/usr/local/lib/teleport-email/teleport-email.js",
];

Deno.test("install copies the program where the original does, with its messages", async () => {
  await onStage(async ({ dir, dest, install, files }) => {
    const result = await install(await fakeTarball(dir, { form: "compiled" }));
    assert.deepEqual(result, { ok: true, code: 0, stdout: MESSAGES, stderr: "" });
    assert.deepEqual(await files(), ["/usr/local/bin/teleport-email", ...SHARED]);
    // Teleport would keep a directory of its own that is open to all.
    await assert.rejects(Deno.stat(join(dest, "var")));
    const said = await run([join(dest, "usr/local/bin/teleport-email"), "version"]);
    assert.equal(said.stdout, "teleport-email v1.2.3\n");
  });
});

Deno.test("install copies the files beside a launcher, and removes them for one executable", async () => {
  await onStage(async ({ dir, dest, install, files }) => {
    await install(await fakeTarball(dir, { form: "runtime" }));
    const program = "/usr/local/bin/teleport-email";
    assert.deepEqual(await files(), [program, ...LIBRARY, ...SHARED]);
    const { mode } = await Deno.stat(join(dest, LIBRARY[0] ?? ""));
    assert.equal((mode ?? 0) & 0o777, 0o755);
    await install(await fakeTarball(join(dir, "other"), { form: "compiled" }));
    assert.deepEqual(await files(), [program, ...SHARED]);
  });
});

Deno.test("install of another version keeps configuration and identity", async () => {
  await onStage(async ({ dir, dest, install, read }) => {
    await install(await fakeTarball(dir, { form: "runtime" }), "--systemd");
    await Deno.mkdir(join(dest, "var/lib/teleport/plugins/email"), { recursive: true });
    await Deno.mkdir(join(dest, "etc"), { recursive: true });
    await Deno.writeTextFile(join(dest, "etc/teleport-email.toml"), "mine");
    await Deno.writeTextFile(join(dest, "var/lib/teleport/plugins/email/identity"), "mine");
    const newer = await fakeTarball(join(dir, "newer"), { form: "runtime", version: "2.0.0" });
    assert.equal((await install(newer, "--systemd")).code, 0);
    assert.equal(await read("etc/teleport-email.toml"), "mine");
    assert.equal(await read("var/lib/teleport/plugins/email/identity"), "mine");
    assert.match(await read("usr/local/bin/teleport-email"), /v2\.0\.0/);
    assert.match(await read("usr/local/lib/teleport-email/teleport-email.cjs"), /2\.0\.0/);
  });
});

Deno.test("install --systemd below DESTDIR is what package builders ask for", async () => {
  await onStage(async ({ dir, install, files, read }) => {
    const top = await fakeTarball(dir, { form: "compiled" });
    await install(top, "--prefix=/usr");
    const before = await files();
    const { stdout, stderr } = await install(top, "--prefix=/usr", "--enable");
    assert.deepEqual([stdout.split("\n").length, stderr], [3, ""]);
    // Enabling is the package's: no link in /etc.
    assert.deepEqual((await files()).filter((file) => !before.includes(file)), [
      "/usr/lib/systemd/system/teleport-email.service",
      "/usr/lib/sysusers.d/teleport-email.conf",
      "/usr/lib/tmpfiles.d/teleport-email.conf",
    ]);
    const unit = await read("usr/lib/systemd/system/teleport-email.service");
    assert.match(unit, /^ExecStart=\/usr\/bin\/teleport-email start --config=/m);
  });
});

Deno.test("install below DESTDIR takes a program for another machine, and does not start it", async () => {
  await onStage(async ({ dir, install, files }) => {
    const top = await fakeTarball(dir, { form: "compiled", machine: OTHER_MACHINE });
    assert.deepEqual([(await install(top)).code, (await files()).length > 0], [0, true]);
  });
});

Deno.test("install --prefix puts everything there, and the unit where systemd finds it", async () => {
  await onStage(async ({ dir, install, files, read }) => {
    const top = await fakeTarball(dir, { form: "runtime" });
    const { stdout } = await install(top, "--prefix", "/opt/te", "--systemd");
    assert.match(stdout, /^Teleport Email binaries have been copied to \/opt\/te\/bin\n/);
    const unit = "etc/systemd/system/teleport-email.service";
    assert.match(await read(unit), /^ExecStart=\/opt\/te\/bin\/teleport-email start/m);
    for (const file of await files()) {
      assert.match(file, /^\/(opt\/te|etc\/(systemd\/system|sysusers\.d|tmpfiles\.d))\//);
    }
  });
});

Deno.test("install --uninstall removes what was installed, and keeps the user's files", async () => {
  await onStage(async ({ dir, dest, install, files }) => {
    const top = await fakeTarball(dir, { form: "runtime" });
    await install(top, "--systemd");
    await Deno.mkdir(join(dest, "var/lib/teleport/plugins/email"), { recursive: true });
    await Deno.mkdir(join(dest, "etc"), { recursive: true });
    await Deno.writeTextFile(join(dest, "etc/teleport-email.toml"), "mine");
    await Deno.writeTextFile(join(dest, "var/lib/teleport/plugins/email/identity"), "mine");
    const result = await install(top, "--uninstall");
    assert.equal(result.code, 0);
    assert.match(result.stdout, /^Teleport Email has been removed from \/usr\/local$/m);
    assert.match(result.stdout, /^\/etc\/teleport-email\.toml is still there$/m);
    assert.deepEqual(await files(), [
      "/etc/teleport-email.toml",
      "/var/lib/teleport/plugins/email/identity",
    ]);
    const again = await install(top, "--uninstall", "--purge");
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^Teleport Email is not installed in \/usr\/local$/m);
    // The original's directory may have other users.
    assert.deepEqual(await files(), ["/var/lib/teleport/plugins/email/identity"]);
  });
});

Deno.test("install --uninstall of another prefix says where the program is", async () => {
  await onStage(async ({ dir, install, files }) => {
    const top = await fakeTarball(dir, { form: "runtime" });
    await install(top);
    const before = await files();
    const { stdout } = await install(top, "--uninstall", "--prefix", "/opt/x");
    assert.match(
      stdout,
      /^Teleport Email is not installed in \/opt\/x\nIt is installed in \/usr\/local:/,
    );
    assert.deepEqual(await files(), before);
  });
});

Deno.test({
  name: "install refuses the program of another architecture before it copies anything",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    for (const form of ["compiled", "runtime"] as const) {
      for (const machine of [OTHER_MACHINE, "riscv64"] as const) {
        await onStage(async ({ dir, dest, files }) => {
          const result = await installHere(await fakeTarball(dir, { form, machine }), dest);
          assert.equal(result.code, 1);
          const name = machine === "riscv64" ? "another machine" : machine;
          assert.match(
            result.stderr,
            new RegExp(`^ERROR: this teleport-email is for ${name}, and`),
          );
          assert.deepEqual(await files(), []);
        });
      }
    }
  },
});

Deno.test({
  name: "install refuses a program that does not start, and a directory without one",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await onStage(async ({ dir, dest, install, files }) => {
      const top = await fakeTarball(dir, { form: "compiled" });
      await Deno.writeTextFile(
        join(top, "teleport-email"),
        "#!/bin/sh\necho 'no glibc'; exit 127\n",
      );
      const broken = await installHere(top, dest);
      assert.equal(broken.code, 1);
      assert.match(
        broken.stderr,
        /^no glibc\nERROR: teleport-email does not start on this machine/,
      );
      await Deno.remove(join(top, "teleport-email"));
      assert.match(
        (await install(top)).stderr,
        /^ERROR: there is no 'teleport-email' in '.*tarball\n$/,
      );
      assert.deepEqual(await files(), []);
    });
  },
});

Deno.test("install reports wrong arguments, and lists the valid ones", async () => {
  await onStage(async ({ dir, install, files }) => {
    const top = await fakeTarball(dir, { form: "compiled" });
    const wrong = [
      ...[["--frobnicate"], ["--prefix"], ["--prefix", "opt"], ["--prefix=/a b"]],
      ...[["--prefix=/a/../b"], ["--purge"]],
    ];
    for (const args of wrong) {
      const { code, stderr } = await install(top, ...args);
      assert.equal(code, 1, args.join(" "));
      assert.match(stderr, /^ERROR: .*--/, args.join(" "));
    }
    const { stderr } = await install(top, "--prefix=/a/../b");
    assert.match(stderr, /^ERROR: --prefix '\/a\/\.\.\/b' has '\.\.' in it/);
    const help = await install(top, "--help");
    assert.equal(help.code, 0);
    for (const option of ["--prefix", "--systemd", "--uninstall", "DESTDIR"]) {
      assert.ok(help.stdout.includes(option), option);
    }
    assert.deepEqual(await files(), []);
  });
});

Deno.test("install requires root unless another directory is given", async () => {
  await onStage(async ({ dir }) => {
    const top = await fakeTarball(dir, { form: "compiled" });
    await run(["chmod", "-R", "a+rX", dir]);
    const command = [join(top, "install")];
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const result = await run(Deno.uid() === 0 ? [...asNobody, ...command] : command);
    assert.deepEqual(result, {
      ok: false,
      code: 1,
      stdout: "",
      stderr: "ERROR: You must be root\n",
    });
  });
});

const lacking = await missingPrograms(["shellcheck"]);
// deno-lint-ignore no-console -- tells why tests are skipped
if (lacking !== undefined) console.warn(`Shell scripts are not checked: ${lacking.why}`);

Deno.test({
  name: "shellcheck finds nothing in the scripts that users run",
  ignore: lacking !== undefined,
  fn: async () => {
    const root = new URL("../..", import.meta.url).pathname;
    const { stdout } = await run(["shellcheck", "install.sh", "packaging/get.sh"], { cwd: root });
    assert.equal(stdout, "");
  },
});
