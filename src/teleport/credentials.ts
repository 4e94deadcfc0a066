/** What the program logs in with: read from files, checked, ready for a TLS handshake. */

import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { ClusterError } from "./errors.ts";
import { parseIdentityFile } from "./identity_file.ts";

/** Where credentials come from: one identity file, or three PEM files. */
export type CredentialSource =
  | { readonly kind: "identity"; readonly path: string }
  | { readonly kind: "files"; readonly key: string; readonly crt: string; readonly cas: string };

export interface Credentials {
  readonly keyPem: string;
  readonly certPem: string;
  /** Host CAs of the cluster; nothing else vouches for the auth server. */
  readonly caPems: readonly string[];
  /** The certificate's common name: the Teleport user. */
  readonly subject: string;
  /** Name of the cluster that issued the certificate. */
  readonly cluster: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The SSH side of an identity file that has one; the tunnel through a proxy needs it. */
  readonly ssh?: SshCredentials;
}

export interface SshCredentials {
  /** The user certificate, one line: `<type>-cert-v01@openssh.com <base64> [comment]`. */
  readonly certificate: string;
  /** Who vouches for hosts: `@cert-authority <patterns> <type> <base64> [comment]`, a line each. */
  readonly authorities: readonly string[];
}

/**
 * Reads and checks credentials. They are read anew for every connection, so that a renewed identity is
 * used by the next one.
 *
 * @throws {ClusterError} of kind `credentials`: one line that names file, subject and time
 */
export async function loadCredentials(
  source: CredentialSource,
  nowMs: number,
): Promise<Credentials> {
  if (source.kind === "identity") {
    const where = `identity file '${source.path}'`;
    const text = await readText(source.path, "identity file");
    const { sshCertificate, sshAuthorities, ...pems } = within(
      where,
      () => parseIdentityFile(text),
    );
    const credentials = check(pems, { key: where, crt: where, cas: where }, nowMs);
    if (sshCertificate === undefined) return credentials;
    return { ...credentials, ssh: { certificate: sshCertificate, authorities: sshAuthorities } };
  }
  const [keyPem, certPem, cas] = await Promise.all([
    readText(source.key, "client_key"),
    readText(source.crt, "client_crt"),
    readText(source.cas, "root_cas"),
  ]);
  const caPems = cas.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (caPems.length === 0) throw refuse(`root_cas '${source.cas}' contains no PEM certificate`);
  return check({ keyPem, certPem, caPems }, {
    key: `client_key '${source.key}'`,
    crt: `client_crt '${source.crt}'`,
    cas: `root_cas '${source.cas}'`,
  }, nowMs);
}

/** By their encoding: Deno before 2.4, which may be built with, has neither `equals` nor better. */
function sameKey(one: KeyObject, other: KeyObject): boolean {
  const encoded = (key: KeyObject) => key.export({ type: "spki", format: "der" });
  return encoded(one).equals(encoded(other));
}

function check(
  pems: Pick<Credentials, "keyPem" | "certPem" | "caPems">,
  names: { readonly key: string; readonly crt: string; readonly cas: string },
  nowMs: number,
): Credentials {
  const { publicKey, subject, issuer, cluster, notBeforeMs, notAfterMs } = parse(
    `TLS certificate in ${names.crt}`,
    () => readCertificate(pems.certPem),
  );
  const key = parse(`private key in ${names.key}`, () => createPrivateKey(pems.keyPem));
  for (const pem of pems.caPems) {
    parse(`CA certificate in ${names.cas}`, () => new X509Certificate(pem));
  }
  if (!sameKey(publicKey, createPublicKey(key))) {
    throw refuse(
      `the private key in ${names.key} does not match the certificate for '${subject}' in ${names.crt}`,
    );
  }
  if (notAfterMs <= nowMs) {
    // The first part is the original's (original.md §2.2).
    throw refuse(
      `expired credential found: the certificate for '${subject}', issued by '${issuer}' is not ` +
        `valid after '${new Date(notAfterMs).toISOString()}' (${names.crt}). Please sign new ` +
        `credentials and increase their TTL if needed`,
    );
  }
  if (cluster === "") {
    throw refuse(
      `the certificate for '${subject}' in ${names.crt} names no cluster: its issuer has no organization`,
    );
  }
  return { ...pems, subject, cluster, notBeforeMs, notAfterMs };
}

/** What is needed of a certificate. Throws whatever the library does, which reads each part when asked. */
function readCertificate(pem: string) {
  const certificate = new X509Certificate(pem);
  const notBeforeMs = Date.parse(certificate.validFrom);
  const notAfterMs = Date.parse(certificate.validTo);
  if (!Number.isFinite(notBeforeMs) || !Number.isFinite(notAfterMs)) throw new RangeError("dates");
  return {
    publicKey: certificate.publicKey,
    subject: nameAttribute(certificate.subject, "CN"),
    issuer: nameAttribute(certificate.issuer, "CN"),
    // Teleport's certificate authorities carry the cluster's name as organization
    // (teleport-protocol.md §3.4).
    cluster: nameAttribute(certificate.issuer, "O"),
    notBeforeMs,
    notAfterMs,
  };
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const cause = error instanceof Deno.errors.NotFound
      ? "no such file or directory"
      : error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
      ? "permission denied"
      : error instanceof Deno.errors.IsADirectory
      ? "it is a directory"
      : error instanceof Error
      ? error.message
      : String(error);
    throw refuse(`cannot read ${what} '${path}': ${cause}`);
  }
}

function within<T>(where: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof ClusterError) {
      throw new ClusterError(error.kind, `${error.message} (${where})`);
    }
    throw error;
  }
}

/** The libraries' own words are about ASN.1 and help nobody. */
function parse<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new ClusterError(
      "credentials",
      `the ${what} cannot be read: it is damaged or of a kind that is not supported`,
      {
        cause,
      },
    );
  }
}

/** One attribute of a distinguished name as node:crypto prints it, a line each; "" when absent. */
export function nameAttribute(name: string, key: string): string {
  const line = name.split("\n").find((part) => part.startsWith(`${key}=`));
  return line?.slice(key.length + 1) ?? "";
}

function refuse(message: string): ClusterError {
  return new ClusterError("credentials", message);
}
