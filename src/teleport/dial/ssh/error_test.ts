import assert from "node:assert/strict";
import { SshChannelError, SshChannelOpenFailureReason } from "@microsoft/dev-tunnels-ssh";
import { ClusterError } from "../../errors.ts";
import { toSshError } from "./error.ts";

for (
  const [said, kind, expected] of [
    [
      "Failed PublicKey negotiation: Server (ssh-rsa, ssh-dss) Client (x)",
      "credentials",
      /no SSH host certificate .* only the key types 'ssh-rsa, ssh-dss'/,
    ],
    [
      "Failed KeyExchange negotiation: Server (curve25519-sha256) Client (x)",
      "unsupported",
      /no SSH algorithm in common \(KeyExchange\); the proxy offers 'curve25519-sha256'/,
    ],
    [
      "Server public key verification failed.",
      "credentials",
      /does not have the private key of its SSH host certificate/,
    ],
    ["Invalid\nMAC", "unavailable", /^SSH failed: Invalid\?MAC$/],
  ] as const
) {
  Deno.test(`toSshError() puts '${said.replace("\n", " ")}' into our words`, () => {
    const cause = new Error(said);
    const error = toSshError(cause);
    assert.equal(error.kind, kind);
    assert.match(error.message, expected);
    assert.equal(error.cause, cause);
  });
}

Deno.test("toSshError() explains a channel that the server does not open", () => {
  const reason = SshChannelOpenFailureReason.unknownChannelType;
  const error = toSshError(new SshChannelError("what is that", reason));
  assert.equal(error.kind, "unavailable");
  assert.match(
    error.message,
    /^the server refuses to open a channel to the cluster: what is that; /,
  );
});

Deno.test("toSshError() returns our own errors unchanged, and accepts what is not an error", () => {
  const own = new ClusterError("denied", "no");
  assert.equal(toSshError(own), own);
  assert.equal(toSshError("odd").message, "SSH failed: odd");
});
