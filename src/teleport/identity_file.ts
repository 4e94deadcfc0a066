/**
 * Parses Teleport's identity file, which contains a private key, an SSH and a TLS certificate, and
 * the SSH and TLS CAs (teleport-protocol.md §3.1).
 */

import { ClusterError } from "./errors.ts";

/** The parts of an identity file. */
export interface IdentityFile {
  readonly keyPem: string;
  readonly certPem: string;
  /** Host CAs of the cluster, at least one. */
  readonly caPems: readonly string[];
  /** The `…-cert-v01@openssh.com …` line; absent in identities without an SSH part. */
  readonly sshCertificate?: string;
  /** The `@cert-authority …` lines. */
  readonly sshAuthorities: readonly string[];
}

const SSH_CERTIFICATE = /^[a-z0-9-]+-cert-v[0-9]{2}@openssh\.com(\s|$)/;

/**
 * Parses by line and by position, as Teleport does: the first PEM block is the key, the second the
 * certificate, all others are CAs; unknown lines are ignored.
 *
 * @throws {ClusterError} of kind `credentials`, without the file's name
 */
export function parseIdentityFile(text: string): IdentityFile {
  const blocks: string[] = [];
  const sshAuthorities: string[] = [];
  let sshCertificate: string | undefined;
  let block: string[] | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (block !== undefined) {
      block.push(line);
      if (line.startsWith("-----END")) {
        blocks.push(block.join("\n") + "\n");
        block = undefined;
      }
    } else if (line.startsWith("-----BEGIN")) block = [line];
    else if (line.startsWith("@cert-authority")) sshAuthorities.push(line);
    else if (SSH_CERTIFICATE.test(line)) sshCertificate = line;
  }
  if (block !== undefined) throw undecodable("invalid PEM block (fragment)");
  const [keyPem, certPem, ...caPems] = blocks;
  if (keyPem === undefined) {
    throw undecodable(text.trim() === "" ? "the file is empty" : "it contains no PEM block");
  }
  if (certPem === undefined) throw undecodable("it contains no TLS certificate");
  if (caPems.length === 0) throw undecodable("it contains no CA of the cluster");
  return {
    keyPem,
    certPem,
    caPems,
    ...(sshCertificate === undefined ? {} : { sshCertificate }),
    sshAuthorities,
  };
}

function undecodable(cause: string): ClusterError {
  return new ClusterError("credentials", `identity file could not be decoded: ${cause}`);
}
