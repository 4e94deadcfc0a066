/** Parses OpenSSH certificates (OpenSSH's PROTOCOL.certkeys) and verifies their signature. */

import { Buffer } from "node:buffer";
import {
  isKeyType,
  parsePublicKey,
  parseSignature,
  printable,
  readPublicKey,
  type SshPublicKey,
  verifySignature,
} from "./key.ts";
import { malformed, SshReader } from "./wire.ts";

const SUFFIX = "-cert-v01@openssh.com";
const KINDS: ReadonlyMap<number, "user" | "host"> = new Map([[1, "user"], [2, "host"]]);
/** "Forever" in `valid before`. */
const NO_END = 0xffff_ffff_ffff_ffffn;
/** The largest time of a JavaScript `Date`. */
const MAX_DATE_MS = 8_640_000_000_000_000;

/** A parsed OpenSSH certificate. */
export interface SshCertificate {
  /** The certificate in SSH wire format, type first. */
  readonly blob: Buffer;
  /** Of the certified key, without `-cert-v01@openssh.com`. */
  readonly keyType: string;
  readonly key: SshPublicKey;
  readonly kind: "user" | "host";
  readonly keyId: string;
  readonly principals: readonly string[];
  readonly notBeforeMs: number;
  /** `Infinity` when the certificate never expires. */
  readonly notAfterMs: number;
  /** Names of options that a verifier must understand to accept the certificate. */
  readonly criticalOptions: readonly string[];
  /** The CA's public key in SSH wire format. */
  readonly authority: Buffer;
  /** The algorithm of the CA's signature. */
  readonly signatureAlgorithm: string;
  /** Whether the signature by `authority` is valid; the caller decides whether to trust that CA. */
  hasValidSignature(): boolean;
}

/** Whether a key type or algorithm name is a certificate's. */
export function isCertificateType(type: string): boolean {
  return type.endsWith(SUFFIX);
}

/** `rsa-sha2-512` -> `rsa-sha2-512-cert-v01@openssh.com` */
export function certificateType(name: string): string {
  return name + SUFFIX;
}

/**
 * Parses a certificate in SSH wire format.
 *
 * @throws {ClusterError} of kind `credentials` when the bytes are not a certificate of a known type
 */
export function parseCertificate(bytes: Buffer): SshCertificate {
  // The reader returns views, and the bytes may be a buffer that is used again.
  const blob = Buffer.from(bytes);
  const reader = new SshReader(blob);
  const type = reader.text();
  const keyType = isCertificateType(type) ? type.slice(0, -SUFFIX.length) : "";
  if (!isKeyType(keyType)) throw malformed(`'${printable(type)}' is not a known certificate type`);
  reader.binary(); // nonce
  const key = readPublicKey(keyType, reader);
  reader.uint64(); // serial number
  const kind = KINDS.get(reader.uint32());
  if (kind === undefined) throw malformed("a certificate is neither a user's nor a host's");
  const keyId = reader.text();
  const principals = readList(reader.binary(), (list) => list.text());
  const notBeforeMs = dateMs(reader.uint64());
  const validBefore = reader.uint64();
  const criticalOptions = readOptions(reader.binary());
  readOptions(reader.binary()); // extensions: permissions that a server grants
  reader.binary(); // reserved
  const authority = reader.binary();
  const signed = blob.subarray(0, reader.offset);
  const signature = parseSignature(reader.binary());
  reader.end();
  return {
    blob,
    keyType,
    key,
    kind,
    keyId,
    principals,
    notBeforeMs,
    notAfterMs: validBefore === NO_END ? Infinity : dateMs(validBefore),
    criticalOptions,
    authority,
    signatureAlgorithm: signature.algorithm,
    hasValidSignature: () =>
      verifySignature(parsePublicKey(authority), signature.algorithm, signed, signature.body),
  };
}

/**
 * Parses a line `<type> <base64> [comment]`, as in `authorized_keys`.
 *
 * @throws {ClusterError} of kind `credentials` when the line is not a certificate of a known type
 */
export function parseCertificateLine(line: string): SshCertificate {
  const [type = "", base64 = ""] = line.trim().split(/\s+/);
  const certificate = parseCertificate(Buffer.from(base64, "base64"));
  if (certificateType(certificate.keyType) !== type) {
    throw malformed(`a certificate is of another type than its line says, '${printable(type)}'`);
  }
  return certificate;
}

function readList<T>(bytes: Buffer, read: (reader: SshReader) => T): T[] {
  const reader = new SshReader(bytes);
  const values: T[] = [];
  while (!reader.isAtEnd) values.push(read(reader));
  return values;
}

/** Pairs of name and data. */
function readOptions(bytes: Buffer): string[] {
  return readList(bytes, (reader) => {
    const name = reader.text();
    reader.binary();
    return name;
  });
}

function dateMs(seconds: bigint): number {
  return Math.min(Number(seconds) * 1000, MAX_DATE_MS);
}
