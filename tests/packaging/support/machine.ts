/** A machine of its own with a real systemd, in a container, with the simulated cluster inside. */

import { until } from "../../support.ts";
import { must } from "./command.ts";
import { Container } from "./podman.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** The Deno of the tests, on the machine: it runs the simulation. */
const DENO = "/usr/bin/sim-deno";
const CONTROL_PORT = 9999;
/** Machines that run tests are slow. */
const BOOT_MS = 60_000;

/** The folder on the machine for what the simulation writes. */
export const SIM_DIR = "/sim";

/**
 * Boots `image`, which has systemd. `folders` of this machine can be read there, by path.
 *
 * systemd needs the right to mount, for the sandboxes of services, and to look at their processes, for
 * `PrivateUsers=` with `ProtectProc=`. Machines have both.
 */
export async function bootMachine(
  image: string,
  folders: Readonly<Record<string, string>>,
): Promise<Container> {
  const { denoDir } = JSON.parse(await must([Deno.execPath(), "info", "--json"])) as {
    readonly denoDir: string;
  };
  await must([Deno.execPath(), "cache", "-q", "sim/cluster/cluster_command.ts"], { cwd: ROOT });
  const mounts = Object.entries(folders).map(([path, folder]) => `${folder}:${path}:ro`);
  const machine = await Container.start(image, [
    ...["--cap-add=SYS_ADMIN", "--cap-add=SYS_PTRACE", "--network=none", "--systemd=always"],
    ...["--security-opt=seccomp=unconfined", "--security-opt=unmask=ALL"],
    ...[`${ROOT}:/src:ro`, `${denoDir}:/deno:O`, `${Deno.execPath()}:${DENO}:ro`, ...mounts].map((
      mount,
    ) => `--volume=${mount}`),
  ], ["/sbin/init"]);
  try {
    await waitForBoot(machine);
    return machine;
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

/** Waits until systemd has finished booting, and returns its state. */
export async function waitForBoot(machine: Container): Promise<string> {
  let state = "";
  await until("systemd is up", async () => {
    state = (await machine.run("systemctl", "is-system-running")).stdout.trim();
    return /^(running|degraded)$/.test(state);
  }, BOOT_MS);
  // As systemd does on a machine: without it services do not see the credentials made for them.
  await machine.must("mount", "--make-rshared", "/");
  return state;
}

/** Starts the simulated cluster and its mail servers. */
export async function startSim(machine: Container): Promise<void> {
  await machine.must(
    ...["systemd-run", "--quiet", "--unit=sim", "--setenv=DENO_DIR=/deno", "--setenv=HOME=/root"],
    ...[DENO, "run", "-A", "--cached-only", "/src/sim/cluster/cluster_command.ts"],
    ...["--dir", SIM_DIR, "--control-port", String(CONTROL_PORT)],
  );
  const config = `${SIM_DIR}/teleport-email.toml`;
  await until(
    "the simulation is up",
    async () => (await machine.run("test", "-e", config)).ok,
    BOOT_MS,
  );
}

/** Asks the control API of the simulation, by POST if there are parameters. */
export async function askSim(
  machine: Container,
  path: string,
  parameters?: Readonly<Record<string, string>>,
): Promise<unknown> {
  const body = parameters === undefined ? "" : new URLSearchParams(parameters).toString();
  const options = body === "" ? "{}" : `{method: "POST", body: new URLSearchParams("${body}")}`;
  const url = `http://127.0.0.1:${CONTROL_PORT}${path}`;
  const code = `console.log(await (await fetch("${url}", ${options})).text())`;
  return JSON.parse(await machine.must("env", "DENO_DIR=/dev/null", DENO, "eval", code));
}
