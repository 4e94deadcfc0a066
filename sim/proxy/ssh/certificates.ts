/** Issues OpenSSH certificates and verifies those of users (OpenSSH's PROTOCOL.certkeys). */

import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, randomBytes } from "node:crypto";
import { keyTypeName, publicKeyBlob, signBody, verifyBody } from "./keys.ts";
import { Reader, string, uint32, uint64 } from "./wire.ts";

const SUFFIX = "-cert-v01@openssh.com";
const KINDS = { user: 1, host: 2 } as const;
/**
 * Teleport dates certificates back by a minute, because clocks differ (teleport-protocol.md §3.4).
 */
const BACKDATE_MS = 60_000;

/** What a new certificate contains. */
export interface SshCertificateRequest {
  readonly kind: keyof typeof KINDS;
  /** The key to certify; a public key is enough. */
  readonly key: KeyObject;
  readonly keyId: string;
  readonly principals: readonly string[];
  /** Negative = already expired. */
  readonly ttlMs: number;
  readonly notBeforeMs?: number;
  readonly criticalOptions?: Readonly<Record<string, string>>;
  /** The signature algorithm of an RSA CA, default `rsa-sha2-512`. */
  readonly signature?: "rsa-sha2-512" | "rsa-sha2-256" | "ssh-rsa";
}

/** Signs a certificate and returns it in SSH wire format. */
export function issueSshCertificate(ca: KeyObject, request: SshCertificateRequest): Buffer {
  const key = publicKeyBlob(request.key);
  const type = keyTypeName(request.key);
  const notAfter = Date.now() + request.ttlMs;
  const notBefore = request.notBeforeMs ?? Math.min(Date.now(), notAfter) - BACKDATE_MS;
  const extensions = request.kind === "user" ? { "permit-port-forwarding": "" } : {};
  const signed = Buffer.concat([
    string(type + SUFFIX),
    string(randomBytes(32)),
    key.subarray(string(type).length),
    uint64(1n),
    uint32(KINDS[request.kind]),
    string(request.keyId),
    string(Buffer.concat(request.principals.map(string))),
    uint64(BigInt(Math.floor(notBefore / 1000))),
    uint64(BigInt(Math.floor(notAfter / 1000))),
    string(options(request.criticalOptions ?? {})),
    string(options(extensions)),
    string(""),
    string(publicKeyBlob(ca)),
  ]);
  const caType = keyTypeName(ca);
  const algorithm = caType === "ssh-rsa" ? request.signature ?? "rsa-sha2-512" : caType;
  const signature = Buffer.concat([string(algorithm), string(signBody(ca, algorithm, signed))]);
  return Buffer.concat([signed, string(signature)]);
}

/** `<type> <base64>`, the line of `authorized_keys` and identity files. */
export function sshLine(blob: Buffer): string {
  return `${new Reader(blob).string()} ${blob.toString("base64")}`;
}

/**
 * The known_hosts line of an identity for the host CA (teleport-protocol.md §3.1).
 */
export function authorityLine(ca: KeyObject, clusterName: string): string {
  const patterns = `proxy.${clusterName},${clusterName},*.${clusterName}`;
  return `@cert-authority ${patterns} ${sshLine(publicKeyBlob(ca))} type=host`;
}

/** The key in a certificate or plain public key. */
export function publicKeyOf(blob: Buffer): KeyObject {
  const reader = new Reader(blob);
  const name = reader.string().toString();
  if (name.endsWith(SUFFIX)) reader.string(); // nonce
  return readKey(name.replace(SUFFIX, ""), reader);
}

/** Why a proxy refuses this user certificate; undefined when it accepts it. */
export function refuseUser(blob: Buffer, user: string, ca: KeyObject): string | undefined {
  const reader = new Reader(blob);
  const name = reader.string().toString();
  if (!name.endsWith(SUFFIX)) return "plain keys are refused";
  reader.string(); // nonce
  readKey(name.replace(SUFFIX, ""), reader);
  reader.uint64(); // serial number
  if (reader.uint32() !== KINDS.user) return "not a user's certificate";
  reader.string(); // key id
  const list = new Reader(reader.string());
  const principals: string[] = [];
  while (list.more) principals.push(list.string().toString());
  const [notBefore, notAfter] = [reader.uint64(), reader.uint64()];
  for (let skipped = 0; skipped < 3; skipped++) reader.string(); // options, extensions, reserved
  if (!reader.string().equals(publicKeyBlob(ca))) return "signed by another CA";
  const signed = blob.subarray(0, reader.offset);
  const signature = new Reader(reader.string());
  const algorithm = signature.string().toString();
  const publicCa = createPublicKey(ca);
  if (!verifyBody(publicCa, algorithm, signed, signature.string())) return "wrong signature";
  const now = BigInt(Math.floor(Date.now() / 1000));
  if (now < notBefore || now >= notAfter) return "expired";
  return principals.includes(user) ? undefined : "not valid for this user";
}

function readKey(type: string, reader: Reader): KeyObject {
  const text = (bytes: Buffer) => bytes.toString("base64url");
  if (type === "ssh-rsa") {
    const [e, n] = [reader.string(), reader.string()].map((number) =>
      text(number[0] === 0 ? number.subarray(1) : number)
    );
    return createPublicKey({ key: { kty: "RSA", n: n ?? "", e: e ?? "" }, format: "jwk" });
  }
  if (type === "ssh-ed25519") {
    const x = text(reader.string());
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  }
  const crv = reader.string().toString().replace("nistp", "P-");
  const point = reader.string().subarray(1);
  const x = text(point.subarray(0, point.length / 2));
  const y = text(point.subarray(point.length / 2));
  return createPublicKey({ key: { kty: "EC", crv, x, y }, format: "jwk" });
}

function options(values: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(values).flatMap(([name, value]) => [
      string(name),
      string(value === "" ? "" : string(value)),
    ]),
  );
}
