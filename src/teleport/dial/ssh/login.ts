/** The handshake of an SSH session in which both sides show their certificates. */

import type { KeyPair, SshClientSession, Stream } from "@microsoft/dev-tunnels-ssh";
import { ClusterError } from "../../errors.ts";
import { CertificateKeyPair, userKeyPairs } from "./algorithms.ts";
import { checkHostCertificate, type HostExpectation } from "./host_check.ts";
import { printable } from "./key.ts";
import type { SshUser } from "./user.ts";

export interface Login {
  /** Name or address as dialed, without port. */
  readonly host: string;
  readonly nowMs: number;
  readonly user: SshUser;
}

/**
 * Connects and logs in. Our certificate is not shown to a host that nobody vouches for.
 *
 * @throws {ClusterError} of kind `credentials` when one side does not accept the other; errors of the
 *   library otherwise
 */
export async function logIn(session: SshClientSession, bytes: Stream, login: Login): Promise<void> {
  const { host, nowMs, user: { name, certificate, privateKey, authorities } } = login;
  session.onAuthenticating((args) => {
    args.authenticationPromise = vouch(args.publicKey, { host, authorities, nowMs });
  });
  await session.connect(bytes);
  await session.authenticateServer();
  const publicKeys = userKeyPairs(certificate, privateKey);
  if (await authenticate(session, { username: name, publicKeys })) return;
  const end = Number.isFinite(certificate.notAfterMs)
    ? `valid until '${new Date(certificate.notAfterMs).toISOString()}'`
    : "without an end";
  throw new ClusterError(
    "credentials",
    `the proxy refuses the SSH certificate of '${
      printable(name)
    }', ${end}: an identity of another ` +
      `cluster or from before a rotation of the authorities, or a locked user`,
  );
}

/** The result is the principal that the library wants. */
function vouch(key: KeyPair | null, expectation: HostExpectation): Promise<object> {
  return Promise.try(() => {
    if (!(key instanceof CertificateKeyPair)) throw new Error("a host key without a certificate");
    const verdict = checkHostCertificate(key.certificate, expectation);
    if (!verdict.ok) throw new ClusterError("credentials", verdict.reason);
    return {};
  });
}

/** Without a callback, the library's own failures would be unhandled rejections. */
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
