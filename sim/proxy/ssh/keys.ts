/** Keys and signatures in SSH's encodings (RFC 4253 §6.6, RFC 5656, RFC 8332, RFC 8709). */

import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { mpint, Reader, string } from "./wire.ts";

/** The key types of Teleport and OpenSSH. */
export type SshKeyType = "ed25519" | "rsa" | "p256" | "p384" | "p521";

const CURVES: Readonly<Record<string, { name: string; hash: string; bytes: number }>> = {
  "P-256": { name: "nistp256", hash: "sha256", bytes: 32 },
  "P-384": { name: "nistp384", hash: "sha384", bytes: 48 },
  "P-521": { name: "nistp521", hash: "sha512", bytes: 66 },
};
const HASHES: Readonly<Record<string, string>> = {
  "rsa-sha2-512": "sha512",
  "rsa-sha2-256": "sha256",
  "ssh-rsa": "sha1",
};

/** Generates a private key; RSA keys take a while. */
export function generateSshKey(type: SshKeyType): KeyObject {
  if (type === "ed25519") return generateKeyPairSync("ed25519").privateKey;
  if (type === "rsa") return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  return generateKeyPairSync("ec", { namedCurve: `P-${type.slice(1)}` }).privateKey;
}

/** `ssh-rsa`, `ssh-ed25519`, `ecdsa-sha2-…`: the type of a public key. */
export function keyTypeName(key: KeyObject): string {
  return new Reader(publicKeyBlob(key)).string().toString();
}

/** A public key, or that of a private key, in SSH wire format. */
export function publicKeyBlob(key: KeyObject): Buffer {
  const { kty, crv = "", n, e, x, y } = key.export({ format: "jwk" });
  if (kty === "RSA") return Buffer.concat([string("ssh-rsa"), mpint(raw(e)), mpint(raw(n))]);
  if (kty === "OKP") return Buffer.concat([string("ssh-ed25519"), string(raw(x))]);
  const { name } = curve(crv);
  const point = Buffer.concat([Buffer.of(4), raw(x), raw(y)]);
  return Buffer.concat([string(`ecdsa-sha2-${name}`), string(name), string(point)]);
}

/** Signs data; returns the signature's body. `algorithm` matters only for RSA. */
export function signBody(key: KeyObject, algorithm: string, data: Buffer): Buffer {
  const { kty, crv = "" } = key.export({ format: "jwk" });
  if (kty === "RSA") return sign(HASHES[algorithm], data, key);
  if (kty === "OKP") return sign(null, data, key);
  const { hash, bytes } = curve(crv);
  const both = sign(hash, data, { key, dsaEncoding: "ieee-p1363" });
  return Buffer.concat([mpint(both.subarray(0, bytes)), mpint(both.subarray(bytes))]);
}

/** Whether a signature's body is valid for a public key. */
export function verifyBody(key: KeyObject, algorithm: string, data: Buffer, body: Buffer): boolean {
  const { kty, crv = "" } = key.export({ format: "jwk" });
  if (kty === "RSA") return verify(HASHES[algorithm], data, key, body);
  if (kty === "OKP") return verify(null, data, key, body);
  const { hash, bytes } = curve(crv);
  const reader = new Reader(body);
  const both = [reader.string(), reader.string()].map((number) =>
    Buffer.concat([Buffer.alloc(bytes), number]).subarray(-bytes)
  );
  return verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, Buffer.concat(both));
}

function curve(crv: string) {
  const found = CURVES[crv];
  if (found === undefined) throw new Error(`no SSH name for the curve ${crv}`);
  return found;
}

function raw(value: string | undefined): Buffer {
  return Buffer.from(value ?? "", "base64url");
}
