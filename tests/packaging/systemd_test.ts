/** The tarball, installed as a user would and run by a real systemd. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { until } from "../support.ts";
import { buildRuntimeTarball, inFolder, unpack } from "./support/build.ts";
import { must, run } from "./support/command.ts";
import { missingPrograms } from "./support/debian.ts";
import { askSim, bootMachine, SIM_DIR, startSim } from "./support/machine.ts";
import { type Container, debianImage } from "./support/podman.ts";

const UNIT = new URL("../../teleport-email.service", import.meta.url);
const IDENTITY = "/var/lib/teleport/plugins/email/identity";
const CONFIG = "/etc/teleport-email.toml";
const SERVICE = "teleport-email";
const SERVICE_UNIT = `${SERVICE}.service`;

const analyze = await missingPrograms(["systemd-analyze"]);
const found = await debianImage("systemd");
for (const lack of [analyze, found]) {
  // deno-lint-ignore no-console -- for whoever runs the tests
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
          const { stdout } = await machine.run(installer, "--systemd");
          assert.match(stdout, /^Teleport Email binaries have been copied to \/usr\/local\/bin\n/);
          assert.equal((await service.ctl("is-enabled")).trim(), "enabled");
          assert.equal(await service.show("ActiveState"), "inactive");
          assert.ok(!(await machine.run("test", "-e", CONFIG)).ok);
          const { stdout: report } = await machine.run("systemd-analyze", "security", SERVICE);
          assert.ok(exposure(report) <= 1.3);
        },
      );

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
        assert.equal(await service.show("StatusText"), "connected directly, 0 mails owed");
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
          await service.until("StatusText", /^connected directly, 0 mails owed$/);
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

      await t.step("a start outlasts TimeoutStartSec while the cluster is away", async () => {
        await service.ctl("stop");
        // Machines that run tests need seconds to load the program.
        await service.edit("LoadCredential=smtp_password:/etc/smtp_password\nTimeoutStartSec=15");
        await machine.write(CONFIG, config.replace(/addr = .*/, 'addr = "127.0.0.1:1"'));
        const startMs = Date.now();
        await service.ctl("start", "--no-block");
        await service.until("StatusText", /^not connected/);
        await new Promise((resolve) => setTimeout(resolve, startMs + 18_000 - Date.now()));
        assert.equal(await service.show("NRestarts"), "0");
        assert.equal(await service.show("ActiveState"), "activating");
        await service.ctl("stop");
        assert.equal(await service.show("Result"), "success");
        await machine.write(CONFIG, config);
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
        assert.match(stdout, /with the version before until systemctl restart teleport-email\n$/);
        assert.equal(await service.show("MainPID"), pid);
        assert.equal(await machine.must("cat", CONFIG), config);
        await service.ctl("restart");
        assert.equal(await service.show("ActiveState"), "active");
      });

      await t.step("systemctl stop ends it with success", async () => {
        await service.ctl("stop");
        assert.equal(await service.show("Result"), "success");
        assert.equal(await service.show("ExecMainStatus"), "0");
        assert.equal(await service.show("ActiveState"), "inactive");
        assert.match(await service.log(), /^INFO {2}Successfully shut down$/m);
      });

      await t.step("install --uninstall stops it and leaves your files", async () => {
        await service.ctl("start");
        await machine.must(installer, "--uninstall");
        assert.ok(!(await machine.run("systemctl", "is-enabled", SERVICE)).ok);
        assert.ok(!(await machine.run("systemctl", "is-active", SERVICE)).ok);
        await machine.must("test", "-e", CONFIG, "-a", "-e", IDENTITY);
        assert.ok(!(await machine.run("test", "-e", "/usr/local/bin/teleport-email")).ok);
      });
    }),
});

/** The commands that the head of the unit tells to give, but for the one that checks. */
function commandsInHead(unit: string): readonly string[] {
  const commands = [...unit.matchAll(/^# {3}(groupadd|chgrp|chmod) .*$/gm)];
  assert.equal(commands.length, 3);
  return commands.map(([line]) => line.replace(/^# {3}/, ""));
}
