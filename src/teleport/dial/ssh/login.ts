/** Connects an SSH session and authenticates both sides by their certificates. */

import type { KeyPair, SshClientSession, Stream } from "@microsoft/dev-tunnels-ssh";
import { ClusterError } from "../../errors.ts";
import { CertificateKeyPair, userKeyPairs } from "./algorithms.ts";
import { checkHostCertificate, type HostExpectation } from "./host_check.ts";
import { printable } from "./key.ts";
import type { SshUser } from "./user.ts";

/** The host to verify and the user to log in as. */
export interface Login {
  /** Name or address as dialed, without port. */
  readonly host: string;
  readonly nowMs: number;
  readonly user: SshUser;
}

/**
 * Connects and logs in. Our certificate is sent only after the host's certificate was verified.
 *
 * @throws {ClusterError} of kind `credentials` when either side rejects the other
 * @throws {Error} the library's own errors otherwise
 */
export async function logIn(session: SshClientSession, bytes: Stream, login: Login): Promise<void> {
  const { host, nowMs, user: { name, certificate, privateKey, authorities } } = login;
  session.onAuthenticating((args) => {
    args.authenticationPromise = verifyHost(args.publicKey, { host, authorities, nowMs });
  });
  await session.connect(bytes);
  await session.authenticateServer();
  const publicKeys = userKeyPairs(certificate, privateKey);
  if (await authenticate(session, { username: name, publicKeys })) return;
  const end = Number.isFinite(certificate.notAfterMs)
    ? `valid until '${new Date(certificate.notAfterMs).toISOString()}'`
    : "without an expiry";
  throw new ClusterError(
    "credentials",
    `the proxy refuses the SSH certificate of '${printable(name)}', ${end}: the identity belongs ` +
      `to another cluster or was signed before a CA rotation, or the user is locked`,
  );
}

/** Resolves to the principal object that the library expects. */
function verifyHost(key: KeyPair | null, expectation: HostExpectation): Promise<object> {
  return Promise.try(() => {
    if (!(key instanceof CertificateKeyPair)) throw new Error("a host key without a certificate");
    const verdict = checkHostCertificate(key.certificate, expectation);
    if (!verdict.ok) throw new ClusterError("credentials", verdict.reason);
    return {};
  });
}

/** Uses the callback form: without a callback, the library's failures are unhandled rejections. */
function authenticate(
  session: SshClientSession,
  credentials: Parameters<SshClientSession["authenticateClient"]>[0],
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    session.authenticateClient(credentials, (error, isAccepted) => {
      if (error !== undefined) reject(error);
      else resolve(isAccepted === true);
    }).catch(reject);
  });
}
