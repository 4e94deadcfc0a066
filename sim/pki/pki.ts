/**
 * The CAs of a simulated cluster: host CA (servers), user CA (clients) and a web CA that simulates
 * a public one, each with its own key (teleport-protocol.md §3.4, §7); host and user CA have another
 * key for SSH certificates.
 */

import "./reflect_metadata.ts";
import type { KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { generateSshKey } from "../proxy/ssh/keys.ts";

/** The key types that Teleport issues (teleport-protocol.md §3.3). */
export type KeyType = "ec" | "rsa" | "ed25519";

/** A certificate with its private key, both in PEM; the key in PKCS#8. */
export interface Issued {
  readonly keyPem: string;
  readonly certPem: string;
}

/** A CA: its certificate, its key, and the function that signs. */
export interface Authority extends Issued {
  /** Signs a certificate for a new key pair. */
  issue(request: CertificateRequest): Promise<Issued>;
}

/** What a new certificate contains. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usage: "server" | "client";
  /** Negative = already expired. */
  readonly ttlMs: number;
  readonly keyType?: KeyType;
}

/** The CAs of one cluster. */
export interface Pki {
  readonly clusterName: string;
  readonly hostCa: Authority;
  readonly userCa: Authority;
  readonly webCa: Authority;
  /** Signs SSH host certificates. */
  readonly sshHostCa: KeyObject;
  /** Signs SSH user certificates. */
  readonly sshUserCa: KeyObject;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/**
 * Teleport dates certificates back by a minute, because clocks differ (teleport-protocol.md §3.4).
 */
const BACKDATE_MS = 60_000;

const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ALGORITHMS: Readonly<Record<KeyType, RsaHashedKeyGenParams | EcKeyGenParams | Algorithm>> = {
  ec: EC,
  ed25519: { name: "Ed25519" },
  rsa: {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  },
};

/**
 * Creates the CAs of a cluster; their SSH keys are Ed25519, as in new clusters
 * (teleport-protocol.md §3.3).
 */
export async function createPki(clusterName: string): Promise<Pki> {
  const [hostCa, userCa, webCa] = await Promise.all([
    createAuthority(clusterName),
    createAuthority(clusterName),
    createAuthority("Simulated Web CA"),
  ]);
  const [sshHostCa, sshUserCa] = [generateSshKey("ed25519"), generateSshKey("ed25519")];
  return { clusterName, hostCa, userCa, webCa, sshHostCa, sshUserCa };
}

/** Creates a self-signed CA with `name` as both O and CN of its subject, as Teleport's CAs have. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys("ec");
  const subject = distinguishedName(name, [name]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject,
    keys,
    serialNumber: serialNumber(),
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + 3650 * DAY_MS),
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    keyPem: await privateKeyPem(keys.privateKey),
    certPem: certificate.toString("pem") + "\n",
    issue: (request) => issue(subject, keys, request),
  };
}

async function issue(
  issuer: x509.JsonName,
  issuerKeys: CryptoKeyPair,
  request: CertificateRequest,
): Promise<Issued> {
  const keys = await generateKeys(request.keyType ?? "ec");
  const notAfter = Date.now() + request.ttlMs;
  const purpose = x509.ExtendedKeyUsage[request.usage === "server" ? "serverAuth" : "clientAuth"];
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false),
    new x509.KeyUsagesExtension(
      x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
      true,
    ),
    new x509.ExtendedKeyUsageExtension([purpose]),
    await x509.AuthorityKeyIdentifierExtension.create(issuerKeys.publicKey),
  ];
  const names: x509.JsonGeneralNames = [
    ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names));
  const certificate = await x509.X509CertificateGenerator.create({
    subject: distinguishedName(request.commonName, request.organizations ?? []),
    issuer,
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: EC,
    serialNumber: serialNumber(),
    // The validity of an expired certificate must also begin before it ends.
    notBefore: new Date(Math.min(Date.now(), notAfter) - BACKDATE_MS),
    notAfter: new Date(notAfter),
    extensions,
  });
  return {
    keyPem: await privateKeyPem(keys.privateKey),
    certPem: certificate.toString("pem") + "\n",
  };
}

async function generateKeys(type: KeyType): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHMS[type], true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
}

/** One RDN for each organization: Teleport puts each role into a separate O. */
function distinguishedName(commonName: string, organizations: readonly string[]): x509.JsonName {
  return [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }];
}

/** 16 random bytes whose first bit is clear, since a serial number is positive (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toHex();
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY") +
    "\n";
}
