import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { ChannelOpenMessage, type SshDataWriter } from "@microsoft/dev-tunnels-ssh";
import type { Credentials } from "../../credentials.ts";
import { SshByteStream } from "./byte_stream.ts";
import { SshChannelStream } from "./channel_stream.ts";
import { logIn } from "./login.ts";
import { TunnelSession } from "./session.ts";
import { readSshUser } from "./user.ts";
import { Shop } from "./testing/openssh_keys.ts";
import { hasOpenSsh, LOGIN_USER, startSshd } from "./testing/sshd.ts";
import { connect, echoThrough, open, sendThrough, startTcp, until } from "../testing/tunnel.ts";

if (!hasOpenSsh) {
  // deno-lint-ignore no-console -- tells why tests are skipped
  console.warn("tests against OpenSSH are skipped: install 'openssh-server' (sshd, ssh-keygen)");
}
const ignore = !hasOpenSsh;
const HOST = "127.0.0.1";

/** Logs in as the program does and opens a connection that sshd makes to `toPort`. */
async function forward(port: number, toPort: number, credentials: Credentials): Promise<Duplex> {
  const socket = await connect(port);
  const session = new TunnelSession();
  const release = () => {
    session.dispose();
    socket.destroy();
  };
  const lost = Promise.withResolvers<never>();
  const nowMs = Date.now();
  const login = { host: HOST, nowMs, user: readSshUser(credentials, nowMs) };
  try {
    const ready = logIn(session, new SshByteStream(socket, lost.reject), login);
    await Promise.race([ready, lost.promise]);
    return new SshChannelStream(await session.openChannel(new DirectTcpIp(toPort)), release);
  } catch (error) {
    release();
    throw error;
  }
}

/** RFC 4254 §7.2. */
class DirectTcpIp extends ChannelOpenMessage {
  constructor(private readonly port: number) {
    super();
    this.channelType = "direct-tcpip";
  }

  protected override onWrite(writer: SshDataWriter): void {
    super.onWrite(writer);
    writer.writeString(HOST, "ascii");
    writer.writeUInt32(this.port);
    writer.writeString(HOST, "ascii");
    writer.writeUInt32(0);
  }
}

for (const type of ["rsa", "ecdsa", "ed25519"] as const) {
  Deno.test({
    name: `OpenSSH's host certificates of type ${type}, by a CA of that type, are accepted`,
    ignore,
    async fn() {
      using shop = new Shop(type);
      await using sshd = await startSshd(shop.dir, shop.config(type));
      await using echo = await startTcp((socket) => socket.pipe(socket));
      const tunnel = await forward(sshd.port, echo.port, await shop.identity());
      assert.equal(await echoThrough(tunnel, "hello"), "hello");
    },
  });
}

Deno.test({
  name: "OpenSSH accepts our certificates of every type, after a banner",
  ignore,
  async fn() {
    using shop = new Shop();
    await using sshd = await startSshd(shop.dir, shop.config());
    await using echo = await startTcp((socket) => socket.pipe(socket));
    for (const keyType of ["rsa", "ec", "ed25519"] as const) {
      const tunnel = await forward(sshd.port, echo.port, await shop.identity(keyType));
      assert.equal(await echoThrough(tunnel, keyType), keyType);
    }
    const accepted = /RSA-CERT [^]* ECDSA-CERT [^]* ED25519-CERT /;
    await until(() => accepted.test(sshd.log()), "sshd has logged the certificates");
    // Go's server would have closed at that.
    assert.doesNotMatch(sshd.log(), /UNIMPLEMENTED/);
  },
});

Deno.test({
  name: "A tunnel survives key exchanges that OpenSSH starts",
  ignore,
  async fn() {
    using shop = new Shop();
    await using sshd = await startSshd(shop.dir, [...shop.config(), "RekeyLimit 64K"]);
    await using echo = await startTcp((socket) => socket.pipe(socket));
    const tunnel = await forward(sshd.port, echo.port, await shop.identity());
    const sent = randomBytes(1_000_000);
    assert.ok((await sendThrough(tunnel, sent)).equals(sent));
    tunnel.destroy();
  },
});

Deno.test({
  name: "OpenSSH's refusals are reported as refusals",
  ignore,
  async fn() {
    using shop = new Shop();
    const config = shop.config();
    await using sshd = await startSshd(shop.dir, config);
    const credentials = await shop.identity();
    await assert.rejects(open(sshd.port, credentials), {
      kind: "unavailable",
      message: /^the server refuses to open a channel to the cluster: open failed; /,
    });

    const others = config.filter((line) => !line.startsWith("TrustedUserCAKeys"));
    await using stranger = await startSshd(shop.dir, others);
    await assert.rejects(open(stranger.port, credentials), {
      kind: "credentials",
      message: new RegExp(`^the proxy refuses the SSH certificate of '${LOGIN_USER}', valid until`),
    });

    const keys = config.filter((line) => !line.startsWith("HostCertificate"));
    await using plain = await startSshd(shop.dir, keys);
    await assert.rejects(open(plain.port, credentials), {
      kind: "credentials",
      message: /^the server has no SSH host certificate .* only the key types 'ssh-ed25519'/,
    });
  },
});
