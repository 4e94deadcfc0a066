/** install.sh, run from what the tarball unpacks to, into a folder. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Finished, run } from "./support/command.ts";
import { missingPrograms } from "./support/debian.ts";
import { fakeTarball } from "./support/fake_tarball.ts";

const MESSAGES = "Teleport Email binaries have been copied to /usr/local/bin\n" +
  "You can run teleport-email configure > /etc/teleport-email.toml to bootstrap your config file\n";
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

const SHARED = [
  "/usr/local/share/bash-completion/completions/teleport-email",
  "/usr/local/share/fish/vendor_completions.d/teleport-email.fish",
  "/usr/local/share/man/man1/teleport-email.1",
  "/usr/local/share/zsh/site-functions/_teleport-email",
];
const LIBRARY = [
  "/usr/local/lib/teleport-email/deno",
  "/usr/local/lib/teleport-email/teleport-email.cjs",
  "/usr/local/lib/teleport-email/teleport-email.js",
];

Deno.test("install copies the program where the original does, with its messages", async () => {
  await onStage(async ({ dir, dest, install, files }) => {
    const result = await install(await fakeTarball(dir, { form: "compiled" }));
    assert.deepEqual(result, { ok: true, code: 0, stdout: MESSAGES, stderr: "" });
    assert.deepEqual(await files(), ["/usr/local/bin/teleport-email", ...SHARED]);
    assert.ok((await Deno.stat(join(dest, "var/lib/teleport/plugins/email"))).isDirectory);
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

Deno.test("install --systemd enables the unit, and creates nothing else", async () => {
  await onStage(async ({ dir, dest, install, files, read }) => {
    const top = await fakeTarball(dir, { form: "compiled" });
    await install(top);
    const before = await files();
    assert.match((await install(top, "--systemd")).stdout, /teleport-email is installed and enabl/);
    const unit = "/usr/local/lib/systemd/system/teleport-email.service";
    const link = "/etc/systemd/system/multi-user.target.wants/teleport-email.service";
    assert.deepEqual(
      (await files()).filter((file) => !before.includes(file)),
      [link, unit].sort(),
    );
    assert.equal(await Deno.readLink(join(dest, link)), unit);
    assert.match(await read(unit), /^ExecStart=\/usr\/local\/bin\/teleport-email start --config=/m);
  });
});

Deno.test("install --systemd warns when an administrator's unit takes precedence", async () => {
  await onStage(async ({ dir, dest, install }) => {
    await Deno.mkdir(join(dest, "etc/systemd/system"), { recursive: true });
    const other = "/etc/systemd/system/teleport-email.service";
    await Deno.writeTextFile(join(dest, other), "[Service]\n");
    const result = await install(await fakeTarball(dir, { form: "compiled" }), "--systemd");
    assert.match(result.stderr, /^WARNING: systemd uses \/etc\/systemd\/system\/teleport-email/);
    assert.equal(await Deno.readTextFile(join(dest, other)), "[Service]\n");
  });
});

Deno.test("install --prefix puts everything there, and the unit where systemd finds it", async () => {
  await onStage(async ({ dir, install, files, read }) => {
    const top = await fakeTarball(dir, { form: "runtime" });
    const { stdout } = await install(top, "--prefix", "/opt/te", "--systemd");
    assert.match(stdout, /^Teleport Email binaries have been copied to \/opt\/te\/bin\n/);
    const unit = "etc/systemd/system/teleport-email.service";
    assert.match(await read(unit), /^ExecStart=\/opt\/te\/bin\/teleport-email start/m);
    for (const file of await files()) assert.match(file, /^\/(opt\/te|etc\/systemd\/system)\//);
  });
});

Deno.test("install --uninstall removes what was installed, and keeps the user's files", async () => {
  await onStage(async ({ dir, dest, install, files }) => {
    const top = await fakeTarball(dir, { form: "runtime" });
    await install(top, "--systemd");
    await Deno.writeTextFile(join(dest, "etc/teleport-email.toml"), "mine");
    await Deno.writeTextFile(join(dest, "var/lib/teleport/plugins/email/identity"), "mine");
    const result = await install(top, "--uninstall");
    assert.equal(result.code, 0);
    assert.match(result.stdout, /^Teleport Email has been removed from \/usr\/local\/bin$/m);
    assert.match(result.stdout, /^\/etc\/teleport-email\.toml is still there$/m);
    assert.deepEqual(await files(), [
      "/etc/teleport-email.toml",
      "/var/lib/teleport/plugins/email/identity",
    ]);
    assert.equal((await install(top, "--uninstall")).code, 0);
  });
});

Deno.test("install refuses the program of another architecture before it copies anything", async () => {
  for (const form of ["compiled", "runtime"] as const) {
    for (const machine of [OTHER_MACHINE, "riscv64"] as const) {
      await onStage(async ({ dir, install, files }) => {
        const result = await install(await fakeTarball(dir, { form, machine }));
        assert.equal(result.code, 1);
        const name = machine === "riscv64" ? "another machine" : machine;
        assert.match(result.stderr, new RegExp(`^ERROR: this teleport-email is for ${name}, and`));
        assert.deepEqual(await files(), []);
      });
    }
  }
});

Deno.test("install refuses a program that does not start, and a directory without one", async () => {
  await onStage(async ({ dir, install, files }) => {
    const top = await fakeTarball(dir, { form: "compiled" });
    await Deno.writeTextFile(join(top, "teleport-email"), "#!/bin/sh\necho 'no glibc'; exit 127\n");
    const broken = await install(top);
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /^no glibc\nERROR: teleport-email does not start on this machine/);
    await Deno.remove(join(top, "teleport-email"));
    assert.match(
      (await install(top)).stderr,
      /^ERROR: there is no 'teleport-email' in '.*tarball\n$/,
    );
    assert.deepEqual(await files(), []);
  });
});

Deno.test("install reports wrong arguments, and lists the valid ones", async () => {
  await onStage(async ({ dir, install, files }) => {
    const top = await fakeTarball(dir, { form: "compiled" });
    const wrong = [["--frobnicate"], ["--prefix"], ["--prefix", "opt"], ["--prefix=/a b"]];
    for (const args of wrong) {
      const { code, stderr } = await install(top, ...args);
      assert.equal(code, 1, args.join(" "));
      assert.match(stderr, /^ERROR: .*--/, args.join(" "));
    }
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
// deno-lint-ignore no-console -- for whoever runs the tests
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
