/** SSH public keys and signatures, converted for `node:crypto`. */

import { Buffer } from "node:buffer";
import { createPublicKey, type JsonWebKeyInput, type KeyObject, sign, verify } from "node:crypto";
import { malformed, sshPositiveInteger, SshReader, sshString } from "./wire.ts";

/** Names of keys and signatures (RFC 8332, RFC 5656, RFC 8709). SHA-1 and DSA are not supported. */
const CURVES = {
  "ecdsa-sha2-nistp256": { curve: "nistp256", jwk: "P-256", hash: "sha256", bytes: 32 },
  "ecdsa-sha2-nistp384": { curve: "nistp384", jwk: "P-384", hash: "sha384", bytes: 48 },
  "ecdsa-sha2-nistp521": { curve: "nistp521", jwk: "P-521", hash: "sha512", bytes: 66 },
} as const;
type CurveName = keyof typeof CURVES;

const RSA_HASHES: Readonly<Record<string, string>> = {
  "rsa-sha2-512": "sha512",
  "rsa-sha2-256": "sha256",
};

const ED25519_KEY_BYTES = 32;

/** A public key with the name of its type. */
export interface SshPublicKey {
  readonly type: string;
  readonly key: KeyObject;
}

/** Whether keys of this type are supported. */
export function isKeyType(type: string): boolean {
  return type === "ssh-rsa" || type === "ssh-ed25519" || isCurve(type);
}

/** The signature algorithms that a key of this type may use, best first. */
export function signatureAlgorithms(keyType: string): readonly string[] {
  return keyType === "ssh-rsa" ? Object.keys(RSA_HASHES) : [keyType];
}

/**
 * Parses a public key in SSH wire format.
 *
 * @throws {ClusterError} of kind `credentials` when the bytes are not a public key of a known type
 */
export function parsePublicKey(blob: Buffer): SshPublicKey {
  const reader = new SshReader(blob);
  const parsed = readPublicKey(reader.text(), reader);
  reader.end();
  return parsed;
}

/**
 * Reads the fields that follow the key's type.
 *
 * @throws {ClusterError} of kind `credentials` when they are not a valid key of this type
 */
export function readPublicKey(type: string, reader: SshReader): SshPublicKey {
  if (type === "ssh-rsa") {
    const e = reader.positiveInteger().toString("base64url");
    const n = reader.positiveInteger().toString("base64url");
    return { type, key: importKey({ kty: "RSA", n, e }) };
  }
  if (type === "ssh-ed25519") {
    const x = reader.binary();
    if (x.length !== ED25519_KEY_BYTES) throw malformed("an Ed25519 key has the wrong length");
    return { type, key: importKey({ kty: "OKP", crv: "Ed25519", x: x.toString("base64url") }) };
  }
  if (!isCurve(type)) throw malformed(`the key type '${printable(type)}' is not supported`);
  const { curve, jwk, bytes } = CURVES[type];
  if (reader.text() !== curve) throw malformed("a key names another curve than its type");
  const point = reader.binary();
  // 4 = uncompressed, the only format used in practice (RFC 5656 §3.1).
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) {
    throw malformed("a key is not a point on its curve");
  }
  const x = point.subarray(1, 1 + bytes).toString("base64url");
  const y = point.subarray(1 + bytes).toString("base64url");
  return { type, key: importKey({ kty: "EC", crv: jwk, x, y }) };
}

/** Whether a signature is valid; `algorithm` must be one that the key's type allows. */
export function verifySignature(
  { type, key }: SshPublicKey,
  algorithm: string,
  data: Buffer,
  body: Buffer,
): boolean {
  if (!signatureAlgorithms(type).includes(algorithm)) return false;
  if (!isCurve(type)) return verify(RSA_HASHES[algorithm] ?? null, data, key, body);
  const { hash, bytes } = CURVES[type];
  const reader = new SshReader(body);
  const numbers = [reader.positiveInteger(), reader.positiveInteger()];
  reader.end();
  if (numbers.some((number) => number.length > bytes)) return false;
  const raw = Buffer.concat(
    numbers.map((number) => Buffer.concat([Buffer.alloc(bytes - number.length), number])),
  );
  return verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, raw);
}

/** Signs data; the result is the body of the signature, without the algorithm's name. */
export function createSignature(
  { type, key }: SshPublicKey,
  algorithm: string,
  data: Buffer,
): Buffer {
  if (!isCurve(type)) return sign(RSA_HASHES[algorithm] ?? null, data, key);
  const { hash, bytes } = CURVES[type];
  const raw = sign(hash, data, { key, dsaEncoding: "ieee-p1363" });
  return Buffer.concat([
    sshPositiveInteger(raw.subarray(0, bytes)),
    sshPositiveInteger(raw.subarray(bytes)),
  ]);
}

/** A signature in SSH wire format: the algorithm's name and the body (RFC 4253 §6.6). */
export function encodeSignature(algorithm: string, body: Buffer): Buffer {
  return Buffer.concat([sshString(algorithm), sshString(body)]);
}

/**
 * Parses a signature in SSH wire format.
 *
 * @throws {ClusterError} of kind `credentials` when the bytes are not a signature
 */
export function parseSignature(
  blob: Buffer,
): { readonly algorithm: string; readonly body: Buffer } {
  const reader = new SshReader(blob);
  const signature = { algorithm: reader.text(), body: reader.binary() };
  reader.end();
  return signature;
}

/** Makes untrusted text safe for a message: printable ASCII, at most 80 characters. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 80);
}

function isCurve(type: string): type is CurveName {
  return Object.hasOwn(CURVES, type);
}

function importKey(key: JsonWebKeyInput["key"]): KeyObject {
  try {
    return createPublicKey({ key, format: "jwk" });
  } catch (cause) {
    throw Object.assign(malformed("a public key is not valid"), { cause });
  }
}
