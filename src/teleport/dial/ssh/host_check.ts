/**
 * Whether a host certificate proves that we talk to the host we wanted (teleport-protocol.md §2.3).
 */

import { casFor, type SshCa } from "./ca.ts";
import type { SshCertificate } from "./certificate.ts";
import { printable, signatureAlgorithms } from "./key.ts";

export type HostVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Who is asked for, who may vouch for it, and when. */
export interface HostExpectation {
  /** Name or address as dialed, without port. */
  readonly host: string;
  readonly authorities: readonly SshCa[];
  readonly nowMs: number;
}

/** The rules of OpenSSH's and Teleport's clients; each refusal is one line that names the host. */
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
      "is not signed by an authority that the identity names: wrong address, or an identity from " +
        "before a rotation of the authorities",
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
  // OpenSSH takes an empty list for every host; no Teleport issues one.
  if (certificate.principals.length === 0) return refuse("names no host");
  const name = host.toLowerCase();
  if (!certificate.principals.some((principal) => principal.toLowerCase() === name)) {
    return refuse(`is for ${listed(certificate.principals)} only`);
  }
  // No critical option is defined for hosts, and one that is not understood must be refused.
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

/** Known and without SHA-1, that is not `ssh-rsa`. */
function isStrong(algorithm: string): boolean {
  return algorithm !== "ssh-rsa" &&
    (signatureAlgorithms("ssh-rsa").includes(algorithm) || algorithm.startsWith("ecdsa-sha2-") ||
      algorithm === "ssh-ed25519");
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
