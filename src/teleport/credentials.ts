/** The program's credentials: read from files and validated for a TLS handshake. */

import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { ClusterError } from "./errors.ts";
import { parseIdentityFile } from "./identity_file.ts";
import { readText } from "../read_file.ts";

/** The source of credentials: one identity file, or three PEM files. */
export type CredentialSource =
  | { readonly kind: "identity"; readonly path: string }
  | { readonly kind: "files"; readonly key: string; readonly crt: string; readonly cas: string };

/** Validated credentials of one user for one cluster. */
export interface Credentials {
  readonly keyPem: string;
  readonly certPem: string;
  /** Host CAs of the cluster, the only CAs trusted for the auth server. */
  readonly caPems: readonly string[];
  /** The certificate's common name: the Teleport user. */
  readonly subject: string;
  /** Name of the cluster that issued the certificate. */
  readonly cluster: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The SSH part of an identity file, which the connection method `ssh` needs; absent without one. */
  readonly ssh?: SshCredentials;
}

/** The SSH part of an identity. */
export interface SshCredentials {
  /** The user certificate, one line: `<type>-cert-v01@openssh.com <base64> [comment]`. */
  readonly certificate: string;
  /** The CAs for hosts, one line each: `@cert-authority <patterns> <type> <base64> [comment]`. */
  readonly authorities: readonly string[];
}

/**
 * Reads and validates credentials. Every connection reads them again, so that the next one uses a renewed
 * identity.
 *
 * @throws {ClusterError} of kind `credentials`: one line that names file, subject and time
 */
export async function loadCredentials(
  source: CredentialSource,
  nowMs: number,
): Promise<Credentials> {
  if (source.kind === "identity") {
    const where = `identity file '${source.path}'`;
    const text = await readFile(source.path, "identity file");
    const { sshCertificate, sshAuthorities, ...pems } = within(
      where,
      () => parseIdentityFile(text),
    );
    const credentials = check(pems, { key: where, crt: where, cas: where }, nowMs);
    if (sshCertificate === undefined) return credentials;
    return { ...credentials, ssh: { certificate: sshCertificate, authorities: sshAuthorities } };
  }
  const [keyPem, certPem, cas] = await Promise.all([
    readFile(source.key, "client_key"),
    readFile(source.crt, "client_crt"),
    readFile(source.cas, "root_cas"),
  ]);
  const caPems = cas.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (caPems.length === 0) throw refuse(`root_cas '${source.cas}' contains no PEM certificate`);
  return check({ keyPem, certPem, caPems }, {
    key: `client_key '${source.key}'`,
    crt: `client_crt '${source.crt}'`,
    cas: `root_cas '${source.cas}'`,
  }, nowMs);
}

/** Compares encodings, because Deno before 2.4, a supported build, has no `KeyObject.equals`. */
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

async function readFile(path: string, what: string): Promise<string> {
  try {
    return await readText(path);
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

/** Replaces the libraries' own errors, which describe ASN.1 and not the cause. */
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

/** An attribute of a distinguished name in node:crypto's form, one per line; "" when absent. */
export function nameAttribute(name: string, key: string): string {
  const line = name.split("\n").find((part) => part.startsWith(`${key}=`));
  return line?.slice(key.length + 1) ?? "";
}

function refuse(message: string): ClusterError {
  return new ClusterError("credentials", message);
}
