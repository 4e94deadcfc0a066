/**
 * Verifies that an SSH host certificate belongs to the dialed host (teleport-protocol.md §2.3).
 */

import { casFor, type SshCa } from "./ca.ts";
import type { SshCertificate } from "./certificate.ts";
import { printable, signatureAlgorithms } from "./key.ts";

/** The result of the check; `reason` is one line that names the host. */
export type HostVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The expected host, the trusted CAs, and the time of the check. */
export interface HostExpectation {
  /** Name or address as dialed, without port. */
  readonly host: string;
  readonly authorities: readonly SshCa[];
  readonly nowMs: number;
}

/** Applies the rules of OpenSSH's and Teleport's clients. */
export function checkHostCertificate(
  certificate: SshCertificate,
  { host, authorities, nowMs }: HostExpectation,
): HostVerdict {
  const refuse = (reason: string): HostVerdict => ({
    ok: false,
    reason: `the SSH host certificate of '${host}' ${reason}`,
  });
  if (certificate.kind !== "host") return refuse("is a user's certificate");
  const known = casFor(host, authorities);
  if (!known.some(({ key }) => key.equals(certificate.authority))) {
    return refuse(
      "is not signed by a CA that the identity names: wrong address, or an identity signed " +
        "before a CA rotation",
    );
  }
  if (!isStrong(certificate.signatureAlgorithm)) {
    return refuse(`is signed by '${printable(certificate.signatureAlgorithm)}', which is too weak`);
  }
  if (!certificate.hasValidSignature()) return refuse("has a wrong signature");
  if (nowMs < certificate.notBeforeMs) {
    return refuse(`is not valid before '${time(certificate.notBeforeMs)}'`);
  }
  if (nowMs >= certificate.notAfterMs) {
    return refuse(`is not valid after '${time(certificate.notAfterMs)}'`);
  }
  // OpenSSH accepts an empty list for any host; Teleport never issues one.
  if (certificate.principals.length === 0) return refuse("names no host");
  const name = host.toLowerCase();
  if (!certificate.principals.some((principal) => principal.toLowerCase() === name)) {
    return refuse(`is for ${listed(certificate.principals)} only`);
  }
  // No critical option is defined for hosts, and an unknown one must be refused.
  const [option] = certificate.criticalOptions;
  if (option !== undefined) return refuse(`has the unknown option '${printable(option)}'`);
  return { ok: true };
}

const MAX_LISTED = 5;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).map((name) => `'${printable(name)}'`).join(", ");
  const more = names.length - MAX_LISTED;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Whether the algorithm is supported and does not use SHA-1, as `ssh-rsa` does. */
function isStrong(algorithm: string): boolean {
  return algorithm !== "ssh-rsa" &&
    (signatureAlgorithms("ssh-rsa").includes(algorithm) || algorithm.startsWith("ecdsa-sha2-") ||
      algorithm === "ssh-ed25519");
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
