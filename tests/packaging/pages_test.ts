/** The commands of the README and the installation page, as they stand, by a user with sudo. */

import assert from "node:assert/strict";
import { until } from "../support.ts";
import type { Container } from "./support/podman.ts";
import { fillIn, image, onMachine } from "./transcript/transcript.ts";

const ROOT = new URL("../../", import.meta.url);
const CONFIG = "/etc/teleport-email.toml";
/** Debian's minimal system has none; like it, this one takes variables before the command. */
const SUDO = '#!/bin/sh\nexec /usr/local/lib/as-root --reuid=0 --regid=0 --clear-groups env "$@"\n';

// deno-lint-ignore no-console -- tells why tests are skipped
if (!image.ok) console.warn(`The pages are not played: ${image.why}`);

/** The first block of commands behind a heading or a line. */
async function commands(page: string, behind: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(page, ROOT));
  const [, block] = /```sh\n([^]*?)```/.exec(text.slice(text.indexOf(`\n${behind}`))) ?? [];
  assert.ok(text.includes(`\n${behind}`) && block !== undefined, `${page}: ${behind}`);
  return block;
}

async function addUserWithSudo(machine: Container): Promise<void> {
  await machine.must("useradd", "--create-home", "alice");
  await machine.must("cp", "/usr/bin/setpriv", "/usr/local/lib/as-root");
  await machine.must("chmod", "u+s", "/usr/local/lib/as-root");
  await machine.write("/usr/local/bin/sudo", SUDO);
  await machine.write("/usr/local/bin/editor", '#!/bin/sh\ncat /tmp/edited > "$1"\n');
  await machine.must("chmod", "755", "/usr/local/bin/sudo", "/usr/local/bin/editor");
}

Deno.test({
  name: "The commands of the README and the installation page work as they are written",
  ignore: !image.ok,
  fn: () =>
    onMachine(async (machine) => {
      await addUserWithSudo(machine);
      const play = async (script: string, dir = "/home/alice") => {
        const line = ["sh", "-ec", `cd ${dir}\n${script}`];
        const shown = await machine.run(
          "setpriv",
          "--reuid=alice",
          "--regid=alice",
          "--init-groups",
          "env",
          "HOME=/home/alice",
          ...line,
        );
        assert.ok(shown.ok, `${script}\n${shown.stdout}${shown.stderr}`);
        return shown.stdout + shown.stderr;
      };
      await machine.must("ln", "-s", "/tarball", "/home/alice/dist");
      const installed = await play(await commands("README.md", "**Linux with systemd**"));
      assert.match(installed, /The service teleport-email is installed and enabled/);

      const sample = await machine.must("teleport-email", "configure");
      await machine.write("/tmp/edited", await fillIn(sample, machine));
      await play(await commands("docs/install.md", "### Configure"));
      assert.equal(
        await machine.must("stat", "-c", "%a %U %G", CONFIG),
        "640 root teleport-email\n",
      );
      const unreadable = await machine.run(
        "setpriv",
        "--reuid=alice",
        "--regid=alice",
        "--init-groups",
        "teleport-email",
        "check",
      );
      assert.equal(unreadable.code, 2);
      assert.match(unreadable.stdout, /permission denied\n +Fix: name the file with --config/);

      const state = "/var/lib/teleport-email";
      await machine.must("cp", "/srv/identity", "/srv/smtp_password", state);
      await play(
        `exec sudo sh -ec '${await commands("docs/install.md", "### Let the service read it")}'`,
      );
      const checked = await play(await commands("docs/install.md", "### Check and start"));
      assert.match(checked, /\n0 problems, 0 warnings\n/);
      assert.match(checked, /\n5 emails accepted\n/);
      assert.match(checked, /Active: active \(running\)/);
      const asService = await play(
        await commands("docs/install.md", "`check` checks everything without sending"),
      );
      assert.match(asService, /\n0 problems, 0 warnings\n/);

      const credential = await commands("docs/install.md", "With systemd 250");
      assert.match(credential, /^sudo systemd-creds encrypt --name=smtp_password /);
      await machine.must(
        "mkdir",
        "-p",
        "/etc/teleport-email",
        "/etc/systemd/system/teleport-email.service.d",
      );
      await machine.must("install", "-m", "0600", "/srv/smtp_password", "/etc/teleport-email/");
      const page = await Deno.readTextFile(new URL("docs/install.md", ROOT));
      const [, dropIn = ""] = /```ini\n(\[Service\]\nLoadCredential=[^]*?)```/.exec(page) ?? [];
      await machine.write("/etc/systemd/system/teleport-email.service.d/override.conf", dropIn);
      const [, key = ""] = /`(password_file = "credential:[^`]*")`/.exec(page) ?? [];
      const config = (await machine.must("cat", CONFIG)).replace(/^password_file = .*$/m, key);
      assert.match(config, /^password_file = "credential:smtp_password"$/m);
      await machine.write(CONFIG, config);
      await play("sudo systemctl daemon-reload && sudo systemctl restart teleport-email");
      await until(
        "it is ready",
        async () => (await machine.run("teleport-email", "health", "--ready")).ok,
        60_000,
      );
      const [, byHand = ""] =
        /`(sudo CREDENTIALS_DIRECTORY=\S+ teleport-email check)`/.exec(page) ?? [];
      assert.match(await play(byHand), /\n0 problems, 0 warnings\n$/);
    }),
});
