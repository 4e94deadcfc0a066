/**
 * OpenSSH's certificate algorithms for `@microsoft/dev-tunnels-ssh`, which has none. No other
 * algorithm is offered: the negotiation fails with a host that has only a plain key.
 */

import { Buffer } from "node:buffer";
import type { KeyObject } from "node:crypto";
import { type KeyPair, PublicKeyAlgorithm } from "@microsoft/dev-tunnels-ssh";
import { ClusterError } from "../../errors.ts";
import { certificateType, parseCertificate, type SshCertificate } from "./certificate.ts";
import {
  createSignature,
  encodeSignature,
  parseSignature,
  printable,
  signatureAlgorithms,
  verifySignature,
} from "./key.ts";

/** Host key types to offer, best first: small and fast keys before RSA. */
const KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];

/** The algorithms for a session's configuration. */
export function certificateAlgorithms(): CertificateAlgorithm[] {
  return KEY_TYPES.flatMap((keyType) =>
    signatureAlgorithms(keyType).map((signature) => new CertificateAlgorithm(keyType, signature))
  );
}

/**
 * A user's certificate and key for each algorithm it can sign with, in the order to try; servers
 * before OpenSSH 8.8 may support only one of the RSA algorithms.
 */
export function userKeyPairs(certificate: SshCertificate, privateKey: KeyObject): KeyPair[] {
  return signatureAlgorithms(certificate.keyType).map((signature) =>
    new CertificateKeyPair(certificate.keyType, signature, { certificate, privateKey })
  );
}

/** A host's or user's certificate; with a private key for the user's. */
export class CertificateKeyPair implements KeyPair {
  readonly keyAlgorithmName: string;
  comment: string | null = null;
  #certificate: SshCertificate | undefined;

  constructor(
    private readonly keyType: string,
    readonly signature: string,
    private readonly own?: { certificate: SshCertificate; privateKey: KeyObject },
  ) {
    this.keyAlgorithmName = certificateType(signature);
    this.#certificate = own?.certificate;
  }

  get hasPublicKey(): boolean {
    return this.#certificate !== undefined;
  }

  get hasPrivateKey(): boolean {
    return this.own !== undefined;
  }

  get certificate(): SshCertificate {
    if (this.#certificate === undefined) throw new Error("no certificate has been set");
    return this.#certificate;
  }

  sign(data: Buffer): Buffer {
    if (this.own === undefined) throw new Error("there is no private key");
    const { keyType: type, own: { privateKey: key } } = this;
    return createSignature({ type, key }, this.signature, data);
  }

  setPublicKeyBytes(bytes: Buffer): Promise<void> {
    return attempt(() => {
      const certificate = parseCertificate(bytes);
      if (certificate.keyType !== this.keyType) {
        throw new ClusterError(
          "credentials",
          `the SSH host certificate has a key of type '${certificate.keyType}', but ` +
            `'${this.keyType}' was negotiated`,
        );
      }
      this.#certificate = certificate;
    });
  }

  getPublicKeyBytes(): Promise<Buffer | null> {
    return Promise.resolve(this.#certificate?.blob ?? null);
  }

  generate(): Promise<void> {
    return Promise.reject(unsupported());
  }

  importParameters(): Promise<void> {
    return Promise.reject(unsupported());
  }

  exportParameters(): ReturnType<KeyPair["exportParameters"]> {
    return Promise.reject(unsupported());
  }

  dispose(): void {}
}

/** One signature algorithm with certificates of one type of key. */
export class CertificateAlgorithm extends PublicKeyAlgorithm {
  constructor(private readonly keyType: string, private readonly signature: string) {
    // The third argument names a hash for the library's own keys and is not used here.
    super(certificateType(signature), certificateType(signature), "SHA2-256");
  }

  override createKeyPair(): KeyPair {
    return new CertificateKeyPair(this.keyType, this.signature);
  }

  override generateKeyPair(): Promise<KeyPair> {
    return Promise.reject(unsupported());
  }

  override createSigner(pair: KeyPair): ReturnType<PublicKeyAlgorithm["createSigner"]> {
    const sign = (data: Buffer) => attempt(() => ours(pair).sign(data));
    return { digestLength: 0, sign, dispose: () => {} };
  }

  override createVerifier(pair: KeyPair): ReturnType<PublicKeyAlgorithm["createVerifier"]> {
    const verify = (data: Buffer, body: Buffer) =>
      attempt(() => verifySignature(ours(pair).certificate.key, this.signature, data, body));
    return { digestLength: 0, verify, dispose: () => {} };
  }

  /** Signatures carry the name of the plain algorithm, not the certificate's (RFC 8332 §3). */
  override readSignatureData(data: Buffer): Buffer {
    const { algorithm, body } = parseSignature(data);
    if (algorithm === this.signature) return body;
    throw new ClusterError(
      "credentials",
      `the proxy signed with '${printable(algorithm)}', but '${this.signature}' was negotiated`,
    );
  }

  override createSignatureData(body: Buffer): Buffer {
    return encodeSignature(this.signature, body);
  }
}

/** The library passes back the key pairs that this module made. */
function ours(pair: KeyPair): CertificateKeyPair {
  if (!(pair instanceof CertificateKeyPair)) throw new Error("a key pair of another algorithm");
  return pair;
}

function unsupported(): Error {
  return new Error("certificate keys are neither generated nor converted");
}

/** The library's interface is asynchronous, `node:crypto` is not. */
function attempt<T>(action: () => T): Promise<T> {
  return Promise.try(action);
}
