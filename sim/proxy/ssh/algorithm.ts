/** The SSH library's algorithms for host and user certificates. */

import { Buffer } from "node:buffer";
import type { KeyObject } from "node:crypto";
import { type KeyPair, PublicKeyAlgorithm } from "@microsoft/dev-tunnels-ssh";
import { publicKeyOf } from "./certificates.ts";
import { keyTypeName, signBody, verifyBody } from "./keys.ts";
import { Reader, string } from "./wire.ts";

const CERTIFICATE = "-cert-v01@openssh.com";
const KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
];
const RSA = ["rsa-sha2-512", "rsa-sha2-256"];

/** Every algorithm for plain keys or for certificates. */
export function sshAlgorithms(): Algorithm[] {
  const plain = [...KEY_TYPES, ...RSA];
  return [...plain.map((name) => name + CERTIFICATE), ...plain].map((name) => new Algorithm(name));
}

/** A host's key, plain or with a certificate, for each algorithm that it can sign with. */
export function hostKeyPairs(blob: Buffer, key: KeyObject): Pair[] {
  const type = keyTypeName(key);
  const isCertificate = new Reader(blob).string().toString().endsWith(CERTIFICATE);
  const names = type === "ssh-rsa" ? RSA : [type];
  return names.map((name) => new Pair(isCertificate ? name + CERTIFICATE : name, blob, key));
}

/** A public key or certificate in wire format, with the private key for our own. */
export class Pair implements KeyPair {
  comment: string | null = null;

  constructor(
    readonly keyAlgorithmName: string,
    public blob: Buffer | undefined,
    readonly privateKey?: KeyObject,
  ) {}

  get hasPublicKey(): boolean {
    return this.blob !== undefined;
  }

  get hasPrivateKey(): boolean {
    return this.privateKey !== undefined;
  }

  setPublicKeyBytes(bytes: Buffer): Promise<void> {
    this.blob = Buffer.from(bytes);
    return Promise.resolve();
  }

  getPublicKeyBytes(): Promise<Buffer | null> {
    return Promise.resolve(this.blob ?? null);
  }

  generate = never;
  importParameters = never;
  exportParameters = never;

  dispose(): void {}
}

class Algorithm extends PublicKeyAlgorithm {
  readonly #signature: string;

  constructor(name: string) {
    super(name, name, "SHA2-256");
    this.#signature = name.replace(CERTIFICATE, "");
  }

  override createKeyPair(): KeyPair {
    return new Pair(this.name, undefined);
  }

  override generateKeyPair = never;

  override createSigner(pair: KeyPair): ReturnType<PublicKeyAlgorithm["createSigner"]> {
    const sign = (data: Buffer) =>
      Promise.try(() => {
        if (!(pair instanceof Pair) || !pair.privateKey) throw new Error("no private key");
        return signBody(pair.privateKey, this.#signature, data);
      });
    return { digestLength: 0, sign, dispose: () => {} };
  }

  override createVerifier(pair: KeyPair): ReturnType<PublicKeyAlgorithm["createVerifier"]> {
    const verify = (data: Buffer, body: Buffer) =>
      Promise.try(() => {
        if (!(pair instanceof Pair) || !pair.blob) throw new Error("no public key");
        return verifyBody(publicKeyOf(pair.blob), this.#signature, data, body);
      });
    return { digestLength: 0, verify, dispose: () => {} };
  }

  override readSignatureData(data: Buffer): Buffer {
    const reader = new Reader(data);
    const name = reader.string().toString();
    if (name !== this.#signature) throw new Error(`signed by ${name}`);
    return reader.string();
  }

  override createSignatureData(body: Buffer): Buffer {
    return Buffer.concat([string(this.#signature), string(body)]);
  }
}

function never(): Promise<never> {
  return Promise.reject(new Error("the simulator generates keys elsewhere"));
}
