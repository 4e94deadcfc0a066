/** Maps the SSH library's errors to ours; they have no codes, so the texts are matched. */

import { SshChannelError } from "@microsoft/dev-tunnels-ssh";
import { ClusterError } from "../../errors.ts";
import { printable } from "./key.ts";
import { reasonOf } from "../../../text.ts";

/** Maps any error from opening a tunnel to a `ClusterError`. */
export function toSshError(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  const text = reasonOf(error);
  const negotiation = /^Failed (\w+) negotiation: Server \(([^)]*)\)/.exec(text);
  if (negotiation !== null) return noCommon(negotiation[1] ?? "", negotiation[2] ?? "", error);
  if (text.startsWith("Server public key verification failed")) {
    return new ClusterError(
      "credentials",
      "the proxy does not have the private key of its SSH host certificate",
      { cause: error },
    );
  }
  if (error instanceof SshChannelError) {
    return new ClusterError(
      "unavailable",
      `the server refuses to open a channel to the cluster: ${printable(text)}; the address may ` +
        `belong to another SSH service than the tunnel`,
      { cause: error },
    );
  }
  return new ClusterError("unavailable", `SSH failed: ${printable(text)}`, { cause: error });
}

/** Host key types are negotiated like ciphers, and we offer only certificates. */
function noCommon(what: string, offered: string, cause: unknown): ClusterError {
  const list = `'${printable(offered)}'`;
  if (what === "PublicKey") {
    return new ClusterError(
      "credentials",
      `the server has no SSH host certificate that could be checked, only the key types ${list}: it is ` +
        `not a Teleport proxy`,
      { cause },
    );
  }
  return new ClusterError(
    "unsupported",
    `the proxy and this program have no SSH algorithm in common (${what}); the proxy offers ${list}`,
    { cause },
  );
}
