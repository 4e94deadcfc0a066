/** The tarball, installed as a user would and run by a real systemd. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { until } from "../support.ts";
import { buildRuntimeTarball, inFolder, unpack } from "./support/build.ts";
import { must, run } from "./support/command.ts";
import { missingPrograms } from "./support/debian.ts";
import { compileProgram } from "./support/compiled_program.ts";
import { findGenuinePair } from "./support/genuine_pair.ts";
import { askSim, bootMachine, SIM_DIR, startSim, waitForBoot } from "./support/machine.ts";
import { type Container, debianImage } from "./support/podman.ts";

const UNIT = new URL("../../teleport-email.service", import.meta.url);
const IDENTITY = "/var/lib/teleport-email/identity";
const CONFIG = "/etc/teleport-email.toml";
const SERVICE = "teleport-email";
const SERVICE_UNIT = `${SERVICE}.service`;

const analyze = await missingPrograms(["systemd-analyze"]);
const found = await debianImage("systemd");
const pair = found.ok ? await findGenuinePair("x86_64") : found;
for (const lack of new Set([analyze, found, pair])) {
  // deno-lint-ignore no-console -- tells why tests are skipped
  if (lack?.ok === false) console.warn(`Tests of systemd are skipped: ${lack.why}`);
}

Deno.test({
  name: "The unit has no errors, and an exposure of 1.3 at most",
  ignore: analyze !== undefined,
  fn: () =>
    inFolder(async (dir) => {
      const unit = join(dir, "teleport-email.service");
      // Neither the program nor its manual need to be here.
      const text = (await Deno.readTextFile(UNIT)).replace(/^Documentation=.*\n/m, "")
        .replace(/^ExecStart=\S+/m, "ExecStart=/bin/true");
      await Deno.writeTextFile(unit, text);
      const verified = await run(["systemd-analyze", "verify", unit]);
      assert.deepEqual([verified.stdout, verified.stderr], ["", ""]);
      const security = ["systemd-analyze", "security", "--offline=yes", "--no-pager", unit];
      assert.ok(exposure(await must(security)) <= 1.3);
    }),
});

function exposure(report: string): number {
  const level = /Overall exposure level for .*: ([\d.]+)/.exec(report)?.[1];
  assert.ok(level, report);
  return Number(level);
}

/** The service on the machine, as an operator sees it. */
class Service {
  constructor(private readonly machine: Container) {}

  /** A start that never ends is the test's failure, and not its end. */
  ctl(...args: readonly string[]) {
    return this.machine.must("timeout", "90", "systemctl", ...args, SERVICE);
  }

  async show(property: string): Promise<string> {
    return (await this.ctl("show", "--value", "-p", property)).trim();
  }

  /** What it has logged, without the journal's own columns. */
  log(): Promise<string> {
    return this.machine.must("journalctl", "-u", SERVICE, "-o", "cat", "--no-pager");
  }

  async until(property: string, pattern: RegExp, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const value = await this.show(property);
      if (pattern.test(value)) return;
      const log = Date.now() < deadline ? "" : await this.log();
      assert.ok(log === "", `${property} is '${value}' and not ${pattern}:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Adds settings to the unit, as `systemctl edit` does. */
  async edit(settings: string): Promise<void> {
    const dir = `/etc/systemd/system/${SERVICE}.service.d`;
    await this.machine.must("mkdir", "-p", dir);
    await this.machine.write(`${dir}/test.conf`, `[Service]\n${settings}\n`);
    await this.machine.must("systemctl", "daemon-reload");
  }
}

interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
}

async function untilMails(machine: Container, count: number): Promise<readonly Mail[]> {
  let mails: readonly Mail[] = [];
  await until(`${count} mails`, async () => {
    mails = await askSim(machine, "/mails") as readonly Mail[];
    return mails.length >= count;
  }, 20_000);
  return mails;
}

Deno.test({
  name: "The tarball runs under systemd as the guide describes",
  ignore: !found.ok,
  fn: (t) =>
    inFolder(async (dir) => {
      assert.ok(found.ok);
      await unpack(await buildRuntimeTarball(dir), dir);
      await using machine = await bootMachine(found.image, { "/tarball": dir });
      const service = new Service(machine);
      const installer = "/tarball/teleport-access-email/install";

      await t.step(
        "install --systemd installs and enables it, and makes no files of yours",
        async () => {
          const { stdout, stderr } = await machine.run(installer, "--systemd");
          assert.equal(stderr, "");
          assert.match(stdout, /^Teleport Email binaries have been copied to \/usr\/local\/bin\n/);
          assert.match(
            stdout,
            /\n {2}install -m 0640 -g teleport-email \/dev\/null \/etc\/teleport/,
          );
          const owner = await machine.must("stat", "-c", "%a %U %G", "/var/lib/teleport-email");
          assert.equal(owner, "750 root teleport-email\n");
          assert.equal((await service.ctl("is-enabled")).trim(), "enabled");
          assert.equal(await service.show("ActiveState"), "inactive");
          assert.ok(!(await machine.run("test", "-e", CONFIG)).ok);
          const { stdout: report } = await machine.run("systemd-analyze", "security", SERVICE);
          assert.ok(exposure(report) <= 1.3);
        },
      );

      await t.step("a start without a configuration is skipped, and systemd says so", async () => {
        await service.ctl("start");
        assert.equal(await service.show("ActiveState"), "inactive");
        assert.equal(await service.show("ConditionResult"), "no");
      });

      await startSim(machine);
      await machine.must("cp", `${SIM_DIR}/identity`, IDENTITY);
      await machine.must("cp", `${SIM_DIR}/mail-ca.pem`, "/etc/mail-ca.pem");
      const config = (await machine.must("cat", `${SIM_DIR}/teleport-email.toml`))
        .replace(/identity = .*/, `identity = "${IDENTITY}"`)
        .replace(/root_cas = .*/, 'root_cas = "/etc/mail-ca.pem"')
        .replace(/^password = .*/m, 'password_file = "${CREDENTIALS_DIRECTORY}/smtp_password"');

      await t.step("it runs as a user of its own, which reads files by its group", async () => {
        await machine.write(CONFIG, config);
        await machine.write("/etc/smtp_password", "secret");
        await machine.must("chmod", "600", "/etc/smtp_password");
        for (const line of commandsInHead(await Deno.readTextFile(UNIT))) {
          await machine.must("sh", "-c", line);
        }
        await service.edit("LoadCredential=smtp_password:/etc/smtp_password");
        await service.ctl("start");
        await service.until("StatusText", /^connected directly, 0 pending emails$/);
        const pid = await service.show("MainPID");
        const status = await machine.must("cat", `/proc/${pid}/status`);
        assert.match(status, /^Uid:\t6[1-5]\d{3}\t/m, "the range of dynamic users");
        assert.match(status, /^CapEff:\t0+$/m);
      });

      await t.step("it mails", async () => {
        await askSim(machine, "/create", { user: "alice@example.com", roles: "dev" });
        const [mail] = await untilMails(machine, 1);
        assert.deepEqual(mail?.to, ["dev-lead@example.com"]);
      });

      await t.step("the journal has its lines with priorities, and each time once", async () => {
        const lines = await machine.must("journalctl", "-u", SERVICE, "-o", "json", "--no-pager");
        const records = lines.trim().split("\n")
          .map((line) => JSON.parse(line) as Record<string, string>);
        const ready = records.find(({ MESSAGE }) => MESSAGE === "INFO  Plugin is ready");
        assert.equal(ready?.["PRIORITY"], "6");
        assert.equal(ready?.["SYSLOG_IDENTIFIER"], "teleport-email");
      });

      await t.step("systemctl reload takes a new configuration", async () => {
        await machine.write(CONFIG, config.replace("dev-lead@example.com", "boss@example.com"));
        await service.ctl("reload");
        const isInUse = async () => /The new configuration is in use/.test(await service.log());
        await until("the new configuration is in use", isInUse, 20_000);
        await service.until("SubState", /^running$/);
        await askSim(machine, "/create", { user: "alice@example.com", roles: "dev" });
        assert.deepEqual((await untilMails(machine, 2))[1]?.to, ["boss@example.com"]);
      });

      await t.step(
        "systemctl reload keeps the old configuration when the new one is broken",
        async () => {
          await machine.write(CONFIG, "[smtp");
          await service.ctl("reload");
          await service.until("StatusText", /the last reload failed/);
          assert.equal(await service.show("ActiveState"), "active");
          await machine.write(CONFIG, config);
          await service.ctl("reload");
          await service.until("StatusText", /^connected directly, 0 pending emails$/);
        },
      );

      await t.step("the example that narrows addresses is one that systemd takes", async () => {
        const example = "/src/packaging/systemd/narrow-addresses.conf";
        await machine.must("cp", example, `/etc/systemd/system/${SERVICE}.service.d/`);
        await machine.must("systemctl", "daemon-reload");
        assert.match(
          await service.show("IPAddressDeny"),
          /^(0\.0\.0\.0\/0 ::\/0|::\/0 0\.0\.0\.0\/0)$/,
        );
        assert.match(await service.show("IPAddressAllow"), /\b192\.0\.2\.25\/32\b/);
        const verified = await machine.run("systemd-analyze", "verify", "--man=no", SERVICE_UNIT);
        assert.deepEqual([verified.ok, verified.stderr], [true, ""]);
        await machine.must("rm", `/etc/systemd/system/${SERVICE}.service.d/narrow-addresses.conf`);
      });

      await t.step("a start does not wait for a cluster that is away", async () => {
        await machine.write(CONFIG, config.replace(/addr = .*/, 'addr = "127.0.0.1:1"'));
        await service.ctl("restart");
        assert.equal(await service.show("ActiveState"), "active");
        assert.match(await service.show("StatusText"), /^not connected/);
        await machine.write(CONFIG, config);
        await service.ctl("restart");
        await service.until("StatusText", /^connected directly/);
      });

      await t.step("a configuration with errors fails once, and is not restarted", async () => {
        await machine.write(CONFIG, "[smtp");
        const failed = await machine.run("systemctl", "restart", SERVICE);
        assert.equal(failed.ok, false);
        await service.until("ActiveState", /^failed$/);
        assert.equal(await service.show("ExecMainStatus"), "78");
        // The time after which it would have been restarted.
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        assert.equal(await service.show("ActiveState"), "failed");
        await machine.write(CONFIG, config);
        await service.ctl("stop");
        await machine.must("systemctl", "reset-failed", SERVICE);
      });

      await t.step("the watchdog ends a stopped process, and it is started again", async () => {
        await service.edit("LoadCredential=smtp_password:/etc/smtp_password\nWatchdogSec=10");
        await service.ctl("start");
        const pid = await service.show("MainPID");
        await service.ctl("kill", "--signal=STOP");
        await service.until("NRestarts", /^[1-9]/, 60_000);
        await service.until("ActiveState", /^active$/, 60_000);
        assert.notEqual(await service.show("MainPID"), pid);
        assert.match(await service.log(), /Watchdog timeout/);
        await askSim(machine, "/create", { user: "alice@example.com", roles: "dev" });
        await untilMails(machine, 3);
      });

      await t.step("install over it lets it run, and keeps the configuration", async () => {
        const pid = await service.show("MainPID");
        const { stdout } = await machine.run(installer, "--systemd");
        assert.match(
          stdout,
          /runs the previous version until: systemctl restart teleport-email\n$/,
        );
        assert.doesNotMatch(stdout, /configure/, "a file that is there is not overwritten");
        assert.equal(await service.show("MainPID"), pid);
        assert.equal(await machine.must("cat", CONFIG), config);
        await service.ctl("restart");
        assert.equal(await service.show("ActiveState"), "active");
      });

      await t.step("install over it leaves a disabled or masked service so", async () => {
        await service.ctl("disable");
        assert.equal((await machine.run(installer, "--systemd")).ok, true);
        assert.equal((await machine.run("systemctl", "is-enabled", SERVICE)).stdout, "disabled\n");
        await service.ctl("mask", "--runtime");
        const masked = await machine.run(installer, "--enable");
        assert.deepEqual([masked.ok, /WARNING: cannot enable/.test(masked.stderr)], [true, true]);
        await service.ctl("unmask", "--runtime");
        assert.equal((await machine.run(installer, "--enable")).ok, true);
        assert.equal((await machine.run("systemctl", "is-enabled", SERVICE)).stdout, "enabled\n");
      });

      await t.step("systemctl stop ends it with success", async () => {
        await service.ctl("stop");
        assert.equal(await service.show("Result"), "success");
        assert.equal(await service.show("ExecMainStatus"), "0");
        assert.equal(await service.show("ActiveState"), "inactive");
        assert.match(await service.log(), /^INFO {2}Successfully shut down$/m);
      });

      await t.step("the machine boots while the cluster is away", async () => {
        await machine.must("rm", `/etc/systemd/system/${SERVICE}.service.d/test.conf`);
        await machine.must("chgrp", "teleport-email", "/etc/smtp_password");
        await machine.must("chmod", "640", "/etc/smtp_password");
        const plain = config.replace("${CREDENTIALS_DIRECTORY}", "/etc");
        await machine.write(CONFIG, plain);
        await machine.restart();
        assert.equal(await waitForBoot(machine), "running");
        assert.equal(await machine.must("systemctl", "list-jobs", "--no-legend"), "");
        assert.equal(await service.show("ActiveState"), "active");
        assert.match(await service.show("StatusText"), /^not connected/);
      });

      await t.step("install says when the service cannot read Teleport's directory", async () => {
        await machine.must("mkdir", "-p", "-m", "0700", "/var/lib/teleport");
        const old = config.replaceAll(IDENTITY, "/var/lib/teleport/plugins/email/identity");
        await machine.write(CONFIG, old);
        const { stderr } = await machine.run(installer, "--systemd");
        assert.match(
          stderr,
          /^WARNING: .*\/var\/lib\/teleport, which has the mode 700: the service/m,
        );
        await machine.must("chmod", "0711", "/var/lib/teleport");
        assert.equal((await machine.run(installer, "--systemd")).stderr, "");
        await machine.write(CONFIG, config);
      });

      await t.step("install --uninstall stops it and leaves your files", async () => {
        await machine.must(installer, "--uninstall");
        assert.ok(!(await machine.run("systemctl", "is-enabled", SERVICE)).ok);
        assert.ok(!(await machine.run("systemctl", "is-active", SERVICE)).ok);
        await machine.must("test", "-e", CONFIG, "-a", "-e", IDENTITY);
        assert.ok(!(await machine.run("test", "-e", "/usr/local/bin/teleport-email")).ok);
      });

      await t.step("install --uninstall --purge leaves nothing", async () => {
        await machine.must(installer, "--uninstall", "--purge");
        const { stdout } = await machine.run(
          "find",
          "/etc",
          "/usr",
          "/var",
          "-name",
          "*teleport-email*",
        );
        assert.equal(stdout, "");
        assert.ok(!(await machine.run("getent", "group", "teleport-email")).ok);
      });

      await t.step("install runs from a directory where nothing may be executed", async () => {
        await machine.must("mkdir", "-p", "/noexec");
        await machine.must("mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", "/noexec");
        await machine.must("cp", "-R", "/tarball/teleport-access-email", "/noexec/");
        await machine.must("sh", "/noexec/teleport-access-email/install", "--systemd");
        await machine.must("/usr/local/bin/teleport-email", "version");
      });

      await t.step("a preset of the site is respected", async () => {
        await machine.must(installer, "--uninstall");
        await machine.must("mkdir", "-p", "/etc/systemd/system-preset");
        await machine.write("/etc/systemd/system-preset/00-site.preset", "disable *\n");
        const { stdout } = await machine.run(installer, "--systemd");
        assert.match(stdout, /teleport-email is installed and disabled\n/);
        assert.match(await machine.must(installer, "--enable"), /is installed and enabled\n/);
      });
    }),
});

/**
 * Deno 2.7 wants a write permission for the abstract address of its own socket, which no list of paths can
 * grant; 2.9 does not. So this executable cannot say that it is ready.
 */
const WITHOUT_NOTIFY = "Type=exec\nWatchdogSec=0\nEnvironment=NOTIFY_SOCKET=";

Deno.test({
  name: "One executable mails under systemd without any right, is reloaded and restarted",
  ignore: !pair.ok,
  fn: () =>
    inFolder(async (dir) => {
      assert.ok(pair.ok && found.ok);
      await compileProgram(pair, dir);
      await using machine = await bootMachine(found.image, { "/compiled": dir });
      const service = new Service(machine);
      await machine.must("install", "-m", "0755", "/compiled/teleport-email", "/usr/local/bin/");
      await machine.must("cp", `/src/${SERVICE_UNIT}`, "/etc/systemd/system/");
      await service.edit(WITHOUT_NOTIFY);
      await startSim(machine);
      const config = (await machine.must("cat", `${SIM_DIR}/teleport-email.toml`))
        .replace(/identity = .*/, `identity = "${IDENTITY}"`)
        .replace(/root_cas = .*/, 'root_cas = "/etc/mail-ca.pem"');
      await machine.must("groupadd", "--system", "teleport-email");
      await machine.must("mkdir", "-p", IDENTITY.slice(0, IDENTITY.lastIndexOf("/")));
      await machine.must("cp", `${SIM_DIR}/identity`, IDENTITY);
      await machine.must("cp", `${SIM_DIR}/mail-ca.pem`, "/etc/mail-ca.pem");
      await machine.write(CONFIG, config);
      await machine.must("chgrp", "teleport-email", CONFIG, IDENTITY);
      await machine.must("chmod", "640", CONFIG, IDENTITY);
      const hasLogged = (text: string, times = 1) =>
        until(text, async () => (await service.log()).split(text).length > times, 60_000);
      const request = () => askSim(machine, "/create", { user: "alice@example.com", roles: "dev" });

      await service.ctl("start");
      await hasLogged("Plugin is ready");
      const pid = await service.show("MainPID");
      assert.match(await machine.must("cat", `/proc/${pid}/status`), /^CapEff:\t0+$/m);
      await request();
      assert.deepEqual((await untilMails(machine, 1))[0]?.to, ["dev-lead@example.com"]);

      await machine.write(CONFIG, config.replace("dev-lead@example.com", "boss@example.com"));
      await service.ctl("reload");
      await hasLogged("The new configuration is in use");
      await request();
      assert.deepEqual((await untilMails(machine, 2))[1]?.to, ["boss@example.com"]);

      await service.ctl("kill", "--signal=KILL");
      await request();
      await service.until("NRestarts", /^[1-9]/, 60_000);
      await hasLogged("Plugin is ready", 2);
      assert.deepEqual((await untilMails(machine, 3))[2]?.to, ["boss@example.com"]);
      assert.equal(await service.show("ActiveState"), "active");

      await service.ctl("stop");
      assert.equal(await service.show("Result"), "success");
      assert.match(await service.log(), /^INFO {2}Successfully shut down$/m);
    }),
});

/** The commands in the head of the unit, without the one that checks. */
function commandsInHead(unit: string): readonly string[] {
  const commands = [...unit.matchAll(/^# {3}(chgrp|chmod) .*$/gm)];
  assert.equal(commands.length, 2);
  return commands.map(([line]) => line.replace(/^# {3}/, ""));
}
