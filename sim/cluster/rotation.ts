/** The rotation of a cluster's host CA, phase by phase as in `tctl auth rotate --type=host`. */

import { ClusterError } from "../auth/cluster_error.ts";
import { type Identity, type IdentityOptions, issueIdentity } from "../pki/identity.ts";
import { createPki, type Pki } from "../pki/pki.ts";

/**
 * `update_clients`: new identities contain the old and the new CA; `update_servers`: servers present
 * certificates of the new CA; `standby`: the old CA is removed.
 */
export type RotationPhase = "update_clients" | "update_servers" | "standby";

/** The phases in order. */
export const ROTATION_PHASES: readonly RotationPhase[] = [
  "update_clients",
  "update_servers",
  "standby",
];

/** A server whose certificate is signed by the host CA. */
export interface HostCertificateHolder {
  /** Presents a certificate by the host CA of `pki` from the next connection on. */
  useHostCa(pki: Pki): Promise<void>;
}

/** The current host CAs of a cluster. */
export class HostAuthority {
  #next: Pki | undefined;

  constructor(
    private pki: Pki,
    private readonly servers: readonly HostCertificateHolder[],
  ) {}

  /** Issues an identity that contains every CA in use. */
  async issue(options: IdentityOptions = {}): Promise<Identity> {
    const alsoTrust = this.#next === undefined ? [] : [this.#next];
    return await issueIdentity(this.pki, { ...options, alsoTrust });
  }

  /** Enters a phase; phases follow each other in order, cyclically. Does not write identities. */
  async enter(phase: RotationPhase): Promise<void> {
    if (phase === "update_clients") {
      const { hostCa, sshHostCa } = await createPki(this.pki.clusterName);
      this.#next = { ...this.pki, hostCa, sshHostCa };
      return;
    }
    const next = this.#next;
    if (next === undefined) {
      throw new ClusterError(
        "INVALID_ARGUMENT",
        `cannot enter '${phase}': no rotation is under way`,
      );
    }
    if (phase === "update_servers") {
      for (const server of this.servers) await server.useHostCa(next);
    } else [this.pki, this.#next] = [next, undefined];
  }
}
