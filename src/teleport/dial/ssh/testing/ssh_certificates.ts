/** Fixtures for tests of certificates: keys, made once, and certificates by the simulator. */

import type { KeyObject } from "node:crypto";
import {
  issueSshCertificate,
  type SshCertificateRequest,
} from "../../../../../sim/proxy/ssh/certificates.ts";
import { generateSshKey, type SshKeyType } from "../../../../../sim/proxy/ssh/keys.ts";
import { parseCertificate, type SshCertificate } from "../certificate.ts";

/** The time of the tests. */
export const NOW_MS = Date.now();
/** An hour in milliseconds. */
export const HOUR_MS = 3_600_000;

const keys = new Map<SshKeyType, KeyObject>();

/** One private key for each type. */
export function keyOf(type: SshKeyType): KeyObject {
  const key = keys.get(type) ?? generateSshKey(type);
  keys.set(type, key);
  return key;
}

/** The private key of the CA that signs {@linkcode aCertificate}. */
export const CA = generateSshKey("ed25519");

/** A host certificate for `proxy.example.com`, or with changes. */
export function aCertificate(
  changes: Partial<SshCertificateRequest> = {},
  ca: KeyObject = CA,
): SshCertificate {
  return parseCertificate(issueSshCertificate(ca, {
    kind: "host",
    key: keyOf("ed25519"),
    keyId: "proxy",
    principals: ["proxy.example.com"],
    ttlMs: HOUR_MS,
    ...changes,
  }));
}
