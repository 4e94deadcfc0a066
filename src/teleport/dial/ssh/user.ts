/** The SSH part of an identity, validated for a login (teleport-protocol.md §2.3, §3.1). */

import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Credentials } from "../../credentials.ts";
import { ClusterError } from "../../errors.ts";
import { parseCas, type SshCa } from "./ca.ts";
import { parseCertificateLine, type SshCertificate } from "./certificate.ts";

/** What an SSH login needs: user name, certificate, private key, and the CAs for the host. */
export interface SshUser {
  readonly name: string;
  readonly certificate: SshCertificate;
  readonly privateKey: KeyObject;
  readonly authorities: readonly SshCa[];
}

/**
 * Reads and validates the SSH part of credentials.
 *
 * @throws {ClusterError} of kind `credentials` when it is missing, invalid or expired
 */
export function readSshUser(credentials: Credentials, nowMs: number): SshUser {
  const { ssh, subject } = credentials;
  if (ssh === undefined) {
    throw refuse(
      "the credentials have no SSH certificate; the SSH tunnel needs an identity file ('tctl auth sign " +
        "--format=file')",
    );
  }
  const authorities = parseCas(ssh.authorities);
  if (authorities.length === 0) {
    throw refuse("the identity has no '@cert-authority' line to verify SSH hosts with");
  }
  const certificate = parseCertificateLine(ssh.certificate);
  if (certificate.kind !== "user") {
    throw refuse(`the SSH certificate in the identity of '${subject}' is a host's`);
  }
  if (certificate.notAfterMs <= nowMs) {
    throw refuse(
      `expired credential found: the SSH certificate for '${subject}' is not valid after ` +
        `'${new Date(certificate.notAfterMs).toISOString()}'. Please sign new credentials and ` +
        `increase their TTL if needed`,
    );
  }
  const privateKey = createPrivateKey(credentials.keyPem);
  if (!spki(createPublicKey(privateKey)).equals(spki(certificate.key.key))) {
    throw refuse(`the private key does not match the SSH certificate for '${subject}'`);
  }
  // As Teleport's own client does.
  const name = certificate.principals[0] ?? certificate.keyId;
  return { name, certificate, privateKey, authorities };
}

function spki(key: KeyObject) {
  return key.export({ type: "spki", format: "der" });
}

function refuse(message: string): ClusterError {
  return new ClusterError("credentials", message);
}
