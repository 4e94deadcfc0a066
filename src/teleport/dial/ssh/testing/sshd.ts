/** Starts OpenSSH's server, for tests against a second implementation. */

import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { connect } from "../../testing/tunnel.ts";

function find(name: string): string | undefined {
  const directories = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin"];
  return directories.map((dir) => join(dir, name)).find((path) => existsSync(path));
}

const SSHD = find("sshd");
/** The path of ssh-keygen; undefined where it is not installed. */
export const KEYGEN = find("ssh-keygen");

/** Whether OpenSSH is installed. */
export const hasOpenSsh = SSHD !== undefined && KEYGEN !== undefined;

/**
 * The user that sshd runs as and lets in. Without root it can let in only its own user; as root it would
 * require system directories, so it runs as a system user without a password.
 */
const SERVANT = "daemon";
const [, uid, gid] = hasOpenSsh && userInfo().uid === 0
  ? new RegExp(`^${SERVANT}:[^:]*:([0-9]+):([0-9]+):`, "m").exec(
    readFileSync("/etc/passwd", "utf8"),
  ) ?? []
  : [];
const servant = uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
/** The user that sshd lets in. */
export const LOGIN_USER = servant ? SERVANT : userInfo().username;

/** A running sshd. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** Its log so far. */
  log(): string;
}

/** Starts sshd on a free port of 127.0.0.1 with these lines added to its configuration. */
export async function startSshd(dir: string, lines: readonly string[]): Promise<Sshd> {
  const port = await freePort();
  const config = join(dir, `sshd_config.${port}`);
  const text = [
    `ListenAddress 127.0.0.1:${port}`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no",
    "PasswordAuthentication no",
    "AuthorizedKeysFile none",
    "LogLevel DEBUG1",
    ...lines,
  ];
  writeFileSync(config, text.join("\n") + "\n");
  if (servant) {
    for (const path of [dir, ...readdirSync(dir).map((name) => join(dir, name))]) {
      chownSync(path, servant.uid, servant.gid);
    }
  }
  const child = spawn(SSHD ?? "", ["-D", "-e", "-f", config], {
    stdio: ["ignore", "ignore", "pipe"],
    // The system user may not read the directory that the tests run in, and sshd asks for its path.
    cwd: dir,
    ...servant,
  });
  let log = "";
  child.stderr.on("data", (chunk) => log += chunk);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill();
    await exited;
    // Its child processes, one for each connection, hold the other end until they exit.
    child.stderr.destroy();
  };
  try {
    await accepting(port, child);
  } catch (error) {
    await stop();
    throw new Error(`sshd does not start: ${log}`, { cause: error });
  }
  return { port, log: () => log, [Symbol.asyncDispose]: stop };
}

async function accepting(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    try {
      (await connect(port)).destroy();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error("it does not listen");
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
