/** The rotation of a cluster's host authority, step by step as `tctl auth rotate --type=host` does it. */

import { ClusterError } from "../auth/cluster_error.ts";
import { type Identity, type IdentityOptions, issueIdentity } from "../pki/identity.ts";
import { createPki, type Pki } from "../pki/pki.ts";

/**
 * `update_clients`: identities issued from now on name the old and the new authority;
 * `update_servers`: servers show certificates by the new one; `standby`: the old one is forgotten.
 */
export type RotationPhase = "update_clients" | "update_servers" | "standby";

export const ROTATION_PHASES: readonly RotationPhase[] = [
  "update_clients",
  "update_servers",
  "standby",
];

/** A server whose certificate is signed by the host authority. */
export interface HostCertificateHolder {
  /** Shows a certificate by the host authority of `pki` from the next connection on. */
  useHostCa(pki: Pki): Promise<void>;
}

/** Who vouches for the servers of a cluster at the moment. */
export class HostAuthority {
  #next: Pki | undefined;

  constructor(
    private pki: Pki,
    private readonly servers: readonly HostCertificateHolder[],
  ) {}

  /** An identity that names every authority in use. */
  async issue(options: IdentityOptions = {}): Promise<Identity> {
    const alsoTrust = this.#next === undefined ? [] : [this.#next];
    return await issueIdentity(this.pki, { ...options, alsoTrust });
  }

  /** The phases in their order, again and again; identities are not written by this. */
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
