/**
 * Client identities and server certificates in the files and key forms of teleport-protocol.md §3.
 */

import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import type { Issued, KeyType, Pki } from "./pki.ts";
import { authorityLine, issueSshCertificate, sshLine } from "../proxy/ssh/certificates.ts";

/** The encoding of the private key: PKCS#8, or that of its type (SEC1 or PKCS#1). */
export type KeyForm = "pkcs8" | "traditional";

/** What a new identity contains. */
export interface IdentityOptions {
  /** The CN of the certificate. */
  readonly user?: string;
  /** The Os of the certificate. */
  readonly roles?: readonly string[];
  /** Negative = expired; default 12 hours, as with `tctl auth sign`. */
  readonly ttlMs?: number;
  readonly keyType?: KeyType;
  readonly keyForm?: KeyForm;
  /** Whether the identity has an SSH part, default true. */
  readonly ssh?: boolean;
  /** More clusters whose host CAs the identity contains, such as the new one during a rotation. */
  readonly alsoTrust?: readonly Pki[];
}

/** A client's credentials with the CAs of the cluster. */
export interface Identity extends Issued {
  readonly user: string;
  readonly casPem: string;
  /** The SSH certificate of the same key and the CAs for hosts, one line each. */
  readonly ssh?: { readonly certificate: string; readonly authorities: readonly string[] };
}

/** The user of an identity without an explicit user. */
export const DEFAULT_USER = "access-email";
/** The role of an identity without explicit roles. */
export const DEFAULT_ROLE = "access-plugin";

const DEFAULT_TTL_MS = 12 * 3_600_000;
const SERVER_TTL_MS = 48 * 3_600_000;
/**
 * The name that every auth server's certificate carries and every client verifies
 * (teleport-protocol.md §2.1).
 */
const AUTH_NAMES = ["teleport.cluster.local", "*.teleport.cluster.local", "localhost"];

/** Signs a client certificate with the user CA, and one for SSH with the same key. */
export async function issueIdentity(pki: Pki, options: IdentityOptions = {}): Promise<Identity> {
  const user = options.user ?? DEFAULT_USER;
  const ttlMs = options.ttlMs ?? DEFAULT_TTL_MS;
  const issued = await pki.userCa.issue({
    commonName: user,
    organizations: options.roles ?? [DEFAULT_ROLE],
    usage: "client",
    ttlMs,
    keyType: options.keyType ?? "ec",
  });
  const keyPem = options.keyForm === "traditional"
    ? traditionalKey(issued.keyPem, options.keyType ?? "ec")
    : issued.keyPem;
  const trusted = [pki, ...options.alsoTrust ?? []];
  const casPem = trusted.map(({ hostCa }) => hostCa.certPem).join("");
  const identity = { user, keyPem, certPem: issued.certPem, casPem };
  if (options.ssh === false) return identity;
  const certificate = issueSshCertificate(pki.sshUserCa, {
    kind: "user",
    key: createPrivateKey(keyPem),
    keyId: user,
    principals: [user],
    ttlMs,
  });
  const authorities = trusted.map(({ sshHostCa }) => authorityLine(sshHostCa, pki.clusterName));
  return { ...identity, ssh: { certificate: sshLine(certificate), authorities } };
}

/** Issues the certificate of an auth server. */
export function issueAuthServer(pki: Pki): Promise<Issued> {
  return issueServer(pki.hostCa, AUTH_NAMES);
}

/** Issues the certificate of a node, signed by the same CA as those of auth servers. */
export function issueNode(pki: Pki): Promise<Issued> {
  return issueServer(pki.hostCa, [`node.${pki.clusterName}`, "localhost"]);
}

/** Issues the certificate of a proxy's web listener, signed by the simulated public CA. */
export function issueWebServer(pki: Pki): Promise<Issued> {
  return issueServer(pki.webCa, ["localhost", `proxy.${pki.clusterName}`]);
}

/** A certificate for a server on this machine. */
export function issueServer(
  authority: Pki["webCa"],
  dnsNames: readonly string[] = ["localhost"],
  ipAddresses: readonly string[] = ["127.0.0.1"],
): Promise<Issued> {
  return authority.issue({
    commonName: dnsNames[0] ?? "localhost",
    dnsNames,
    ipAddresses,
    usage: "server",
    ttlMs: SERVER_TTL_MS,
  });
}

/** The text of an identity file (teleport-protocol.md §3.1): key, certificates, CAs. */
export function identityFileText({ keyPem, certPem, casPem, ssh }: Identity): string {
  const lines = (texts: readonly string[]) => texts.map((text) => text + "\n").join("");
  const sshCertificate = lines(ssh ? [ssh.certificate] : []);
  return keyPem + sshCertificate + certPem + lines(ssh?.authorities ?? []) + casPem;
}

/** The paths of the two forms of an identity that `writeIdentity` wrote. */
export interface IdentityPaths {
  readonly identity: string;
  readonly key: string;
  readonly crt: string;
  readonly cas: string;
}

/**
 * Writes the identity file and, beside it, the three files of `--format=tls` (teleport-protocol.md
 * §3.2).
 */
export async function writeIdentity(dir: string, identity: Identity): Promise<IdentityPaths> {
  const paths = {
    identity: join(dir, "identity"),
    key: join(dir, "auth.key"),
    crt: join(dir, "auth.crt"),
    cas: join(dir, "auth.cas"),
  };
  await Promise.all([
    replaceFile(paths.identity, identityFileText(identity)),
    replaceFile(paths.key, identity.keyPem),
    replaceFile(paths.crt, identity.certPem),
    replaceFile(paths.cas, identity.casPem),
  ]);
  return paths;
}

/** Replaces the file by renaming, so that readers never see a partial file. */
async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

function traditionalKey(pkcs8Pem: string, type: KeyType): string {
  if (type === "ed25519") return pkcs8Pem; // has no other encoding
  const key = createPrivateKey(pkcs8Pem);
  const text = key.export({ format: "pem", type: type === "rsa" ? "pkcs1" : "sec1" }).toString();
  return text.endsWith("\n") ? text : text + "\n";
}
