/** Certificates for tests, made when they run. */

// x509 asks for it while it loads.
import "../../../sim/pki/reflect_metadata.ts";
import * as x509 from "@peculiar/x509";

export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS#8. */
  readonly key: string;
}

export interface TestAuthority extends TestCertificate {
  /** Issues a certificate for these DNS names and addresses, which ends within a day. */
  issue(names: readonly string[], notAfter?: Date): Promise<TestCertificate>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** Creates a self-signed CA. */
export async function createTestAuthority(name = "Test CA"): Promise<TestAuthority> {
  x509.cryptoProvider.set(crypto);
  const caKeys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const validity = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    signingAlgorithm: ALGORITHM,
  };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: `CN=${name}`,
    keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const issue = async (
    names: readonly string[],
    notAfter = validity.notAfter,
  ): Promise<TestCertificate> => {
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const alternatives = names.map((value) => ({ type: ipOrDns(value), value } as const));
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity,
      notAfter,
      subject: `CN=${names[0]}`,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      extensions: [new x509.SubjectAlternativeNameExtension(alternatives)],
    });
    return { cert: certificate.toString("pem"), key: await keyPem(keys.privateKey) };
  };
  return { cert: ca.toString("pem"), key: await keyPem(caKeys.privateKey), issue };
}

function ipOrDns(value: string): "ip" | "dns" {
  return /^[\d.]+$/.test(value) || value.includes(":") ? "ip" : "dns";
}

async function keyPem(key: CryptoKey): Promise<string> {
  const der = await crypto.subtle.exportKey("pkcs8", key);
  return x509.PemConverter.encode(der, "PRIVATE KEY");
}
