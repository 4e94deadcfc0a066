/** Keys and certificates by OpenSSH's ssh-keygen. */

import { spawnSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sshLine } from "../../../../../sim/proxy/ssh/certificates.ts";
import { publicKeyBlob } from "../../../../../sim/proxy/ssh/keys.ts";
import type { Credentials } from "../../../credentials.ts";
import { KEYGEN, LOGIN_USER } from "./sshd.ts";
import { someCredentials } from "../../testing/tunnel.ts";

/** Key types as ssh-keygen names them. */
export type OpenSshKeyType = "rsa" | "ecdsa" | "ed25519";

const HOST = "127.0.0.1";

/** Keys and certificates by ssh-keygen, in a temporary directory. */
export class Shop implements Disposable {
  readonly dir = Deno.makeTempDirSync();
  readonly hostCa: string;
  readonly userCa: string;

  constructor(caType: OpenSshKeyType = "ed25519") {
    this.hostCa = makeKey(this.dir, "host_ca", caType);
    this.userCa = makeKey(this.dir, "user_ca", caType);
  }

  /** Configuration lines of an sshd that authenticates users by certificate. */
  config(hostKeyType: OpenSshKeyType = "ed25519"): string[] {
    const key = makeKey(this.dir, `host_${hostKeyType}`, hostKeyType);
    certify(this.hostCa, key, HOST, "-h");
    const banner = join(this.dir, "banner");
    Deno.writeTextFileSync(banner, "Authorized use only\n");
    return [
      `HostKey ${key}`,
      `HostCertificate ${key}-cert.pub`,
      `TrustedUserCAKeys ${this.userCa}.pub`,
      `Banner ${banner}`,
    ];
  }

  /** An identity whose SSH certificate is signed by ssh-keygen. */
  async identity(keyType: "rsa" | "ec" | "ed25519" = "ec"): Promise<Credentials> {
    const credentials = await someCredentials({ keyType });
    const path = join(this.dir, `user_${keyType}`);
    const key = createPublicKey(credentials.keyPem);
    Deno.writeTextFileSync(`${path}.pub`, sshLine(publicKeyBlob(key)) + "\n");
    const certificate = certify(this.userCa, path, LOGIN_USER);
    const ca = Deno.readTextFileSync(`${this.hostCa}.pub`).trim();
    return {
      ...credentials,
      ssh: { certificate, authorities: [`@cert-authority *.example.com ${ca}`] },
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

function keygen(...args: string[]): void {
  const { status, stderr } = spawnSync(KEYGEN ?? "", ["-q", ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`ssh-keygen ${args.join(" ")}: ${stderr}`);
}

/** Makes a key pair in `<dir>/<name>` and `<name>.pub`. */
function makeKey(dir: string, name: string, type: OpenSshKeyType): string {
  const path = join(dir, name);
  const size = type === "rsa" ? ["-b", "2048"] : [];
  keygen("-t", type, ...size, "-N", "", "-C", name, "-f", path);
  return path;
}

/** Signs the key in `<path>.pub` and returns the certificate line, which is in `<path>-cert.pub`. */
function certify(ca: string, path: string, principal: string, ...options: string[]): string {
  keygen("-s", ca, "-I", principal, "-n", principal, "-V", "-1h:+1h", ...options, `${path}.pub`);
  return readFileSync(`${path}-cert.pub`, "utf8").trim();
}
