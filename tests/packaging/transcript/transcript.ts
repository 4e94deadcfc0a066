/**
 * What an operator types and sees, from the tarball to the removal, on a fresh Debian with a real systemd: for
 * the installation page. `deno task transcript` writes it there.
 */

import { checkText, named, namedFindings } from "../../../packaging/docs/check_example.ts";
import { until } from "../../support.ts";
import { buildRuntimeTarball, inFolder } from "../support/build.ts";
import { askSim, bootMachine, SIM_DIR, startSim } from "../support/machine.ts";
import { type Container, debianImage, type ImageResult } from "../support/podman.ts";

const CONFIG = "/etc/teleport-email.toml";
const STATE_DIR = "/var/lib/teleport-email";
const PAGE = new URL("../../../docs/install.md", import.meta.url);
const [BEGIN, END] = ["<!-- transcript -->", "<!-- /transcript -->"];

/** Whether a machine can be had here. */
export const image: ImageResult = await debianImage("systemd");

/**
 * Boots a machine with the simulated cluster. The tarball is in `/tarball`; identity and password are in
 * `/srv`.
 */
export async function onMachine(action: (machine: Container) => Promise<void>): Promise<void> {
  await inFolder(async (dir) => {
    if (!image.ok) throw new Error(image.why);
    await buildRuntimeTarball(dir);
    // For users of the machine.
    await Deno.chmod(dir, 0o755);
    await using machine = await bootMachine(image.image, { "/tarball": dir });
    await startSim(machine);
    await machine.must("cp", `${SIM_DIR}/identity`, "/srv/identity");
    await machine.must("cp", `${SIM_DIR}/mail-ca.pem`, "/etc/mail-ca.pem");
    await machine.write("/srv/smtp_password", "secret");
    await action(machine);
  });
}

/** Plays the whole life of an installation, and returns the transcript. */
export async function playTranscript(): Promise<string> {
  let transcript = "";
  await onMachine(async (machine) => {
    await machine.must("sh", "-c", "tar -C /srv -xzf /tarball/*.tar.gz");
    transcript = await new Session(machine).play();
  });
  return transcript;
}

/** The part of the page between its marks. */
export async function transcriptOnPage(): Promise<string> {
  const page = await Deno.readTextFile(PAGE);
  const [, part = ""] = page.split(BEGIN)[1]?.split(END)[0]?.split(/```text\n|```/) ?? [];
  return part;
}

class Session {
  #text = "";

  constructor(private readonly machine: Container) {}

  async play(): Promise<string> {
    await this.type("cd teleport-access-email");
    await this.type("./install --systemd");
    await this.type(`install -m 0640 -g teleport-email /dev/null ${CONFIG}`);
    await this.type(`teleport-email configure > ${CONFIG}`);
    await this.type(`install -m 0640 -g teleport-email ~/identity ~/smtp_password ${STATE_DIR}`);
    await this.edit((sample) => fillIn(sample, this.machine));
    this.#text += "# teleport-email check\n";
    const { stdout } = await this.machine.run("teleport-email", "check", "--json");
    this.#text += checkText(namedFindings(stdout, CONFIG));
    await this.type("systemctl start teleport-email");
    await this.untilStatus(/^connected directly, 0 pending emails$/);
    await this.type("teleport-email status");
    await askSim(this.machine, "/create", { user: "alice@example.com", roles: "db-admin" });
    await this.untilLogged(/Successfully sent/);
    await this.type("journalctl -u teleport-email -o cat --no-pager -n 1");
    await this.edit((text) => Promise.resolve(text.replace("dba@", "dba-on-call@")));
    await this.type("systemctl reload teleport-email");
    await this.untilLogged(/The new configuration is in use/);
    await this.type("journalctl -u teleport-email -o cat --no-pager | grep onfiguration");
    await this.type("./install --systemd");
    await this.type("systemctl restart teleport-email");
    await this.untilStatus(/^connected directly, 0 pending emails$/);
    await this.type("systemctl is-active teleport-email");
    await this.type("./install --uninstall");
    await this.type("./install --uninstall --purge");
    return this.#text;
  }

  /** Runs a command line in the directory of the tarball, and writes down what a terminal would show. */
  async type(line: string): Promise<void> {
    const cd = line.startsWith("cd ") ? "/srv" : "/srv/teleport-access-email";
    const script = `cd ${cd} && { ${line}; } 2>&1`;
    const { stdout, code } = await this.machine.run("env", "HOME=/srv", "sh", "-c", script);
    if (code !== 0) throw new Error(`'${line}' ended with ${code}:\n${stdout}`);
    this.#text += `# ${line}\n${general(stdout)}`;
  }

  /** Has the configuration edited. */
  async edit(change: (text: string) => Promise<string>): Promise<void> {
    const text = await change(await this.machine.must("cat", CONFIG));
    await this.machine.write(CONFIG, text);
    this.#text += `# editor ${CONFIG}\n`;
  }

  async untilStatus(pattern: RegExp): Promise<void> {
    const show = ["systemctl", "show", "--value", "-p", "StatusText", "teleport-email"];
    await until(
      `the status is ${pattern}`,
      async () => pattern.test((await this.machine.must(...show)).trim()),
      60_000,
    );
  }

  async untilLogged(pattern: RegExp): Promise<void> {
    const log = ["journalctl", "-u", "teleport-email", "-o", "cat", "--no-pager"];
    await until(
      `the log has ${pattern}`,
      async () => pattern.test(await this.machine.must(...log)),
      60_000,
    );
  }
}

/** The sample with the simulated cluster and its mail server filled in. */
export async function fillIn(sample: string, machine: Container): Promise<string> {
  const sim = await machine.must("cat", `${SIM_DIR}/teleport-email.toml`);
  const value = (key: string) => new RegExp(`^${key} = (.*)$`, "m").exec(sim)?.[1] ?? "";
  const changes: readonly (readonly [from: RegExp, to: string])[] = [
    [/^addr = .*$/m, `addr = ${value("addr")}`],
    [/^#\[smtp\]$/m, "[smtp]"],
    [/^#host = "<.*$/m, `host = ${value("host")}`],
    [/^#port = .*$/m, `port = ${value("port")}`],
    [/^#username = .*$/m, `username = ${value("username")}`],
    [/^#password_file = /m, "password_file = "],
    [/^#root_cas = "\/etc\/ssl\/certs\/mail-ca.pem"$/m, 'root_cas = "/etc/mail-ca.pem"'],
    [/^sender = .*$/m, 'sender = "Teleport <teleport@example.com>"'],
    [/^"dev" = .*$/m, '"db-admin" = "dba@example.com"'],
    [/^"\*" = .*$/m, '"*" = "security@example.com"'],
    [/^#listen = /m, "listen = "],
  ];
  return changes.reduce((text, [from, to]) => text.replace(from, to), sample);
}

/** Output without what differs from run to run. */
function general(output: string): string {
  return named(output, CONFIG)
    .replace(
      /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g,
      "0199f3a2-5b7c-7d41-9e60-3c1f8a2b4d5e",
    )
    .replace(/\b\d{4}-\d\d-\d\dT[\d:]+(\.\d+)?Z/g, "2026-01-26T10:00:00$1Z")
    .replace(/(\d\dT[\d:]+)\.\d+Z/g, "$1.000Z")
    .replace(/[0-9a-f]{40}@/g, "1671a814e3c1521c72cd7d2415b307531cd120fa@")
    .replace(/took_ms:\d+/g, "took_ms:41")
    .replace(/ git:[0-9a-f]+/g, "");
}

if (import.meta.main) {
  const page = await Deno.readTextFile(PAGE);
  const [before, rest = ""] = page.split(BEGIN);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error(`docs/install.md must have '${BEGIN}' and '${END}'`);
  const part = `\n\n\`\`\`text\n${await playTranscript()}\`\`\`\n\n`;
  await Deno.writeTextFile(PAGE, `${before}${BEGIN}${part}${END}${after}`);
}
