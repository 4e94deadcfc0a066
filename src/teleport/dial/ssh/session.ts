/** The library's SSH session, extended to stay connected for days to other SSH implementations. */

import {
  ChannelOpenFailureMessage,
  ChannelOpenMessage,
  PromiseCompletionSource,
  type SshChannel,
  SshChannelOpenFailureReason,
  SshClientSession,
  SshMessage,
  SshProtocolExtensionNames,
  SshSessionConfiguration,
} from "@microsoft/dev-tunnels-ssh";
import { certificateAlgorithms } from "./algorithms.ts";

/** SSH_MSG_KEXINIT (RFC 4253 §12); the library does not export its class. */
const KEY_EXCHANGE_INIT = 20;
/**
 * SSH_MSG_DEBUG and SSH_MSG_USERAUTH_BANNER, which the library does not know. It would answer
 * SSH_MSG_UNIMPLEMENTED, at which Go's server closes the connection during the login.
 */
const UNHEEDED = [4, 53];

/** A client session that offers certificates only, refuses channels and joins key re-exchanges. */
export class TunnelSession extends SshClientSession {
  constructor() {
    super(configuration());
  }

  /**
   * Opens a channel. As the library's `openChannel`, which leaves a rejection unhandled when the session
   * ends while the request is being sent.
   */
  async openTunnelChannel(channelType: string): Promise<SshChannel> {
    this.activateService("ssh-connection");
    const opened = new PromiseCompletionSource<SshChannel>();
    opened.promise.catch(() => {});
    const request = new ChannelOpenMessage();
    request.channelType = channelType;
    await this.connectionService?.openChannel(request, opened);
    return await opened.promise;
  }

  protected override async handleMessage(
    ...[message, cancellation]: Parameters<SshClientSession["handleMessage"]>
  ): Promise<void> {
    // The library would accept every channel and wait for a reader.
    if (message instanceof ChannelOpenMessage) return await this.#refuse(message);
    if (message instanceof Unheeded) return;
    if (message.messageType === KEY_EXCHANGE_INIT) await this.#joinKeyExchange();
    await super.handleMessage(message, cancellation);
  }

  async #refuse({ senderChannel }: ChannelOpenMessage): Promise<void> {
    const refusal = new ChannelOpenFailureMessage();
    refusal.recipientChannel = senderChannel;
    refusal.reasonCode = SshChannelOpenFailureReason.administrativelyProhibited;
    refusal.description = "this client offers no services";
    await this.sendMessage(refusal);
  }

  /**
   * The library fails when the server starts a key re-exchange (RFC 4253 §9). `startKeyExchange` holds
   * back all later messages, and `sendMessage` keeps the order of earlier ones.
   */
  async #joinKeyExchange(): Promise<void> {
    if (this.kexService === null || this.kexService.exchanging) return;
    const [init] = await this.kexService.startKeyExchange(false);
    await this.sendMessage(init);
  }
}

/** The library's defaults, with certificates only and without its own protocol extensions. */
function configuration(): SshSessionConfiguration {
  const config = new SshSessionConfiguration(true);
  config.publicKeyAlgorithms.splice(0, Infinity, ...certificateAlgorithms());
  config.protocolExtensions.splice(
    0,
    Infinity,
    SshProtocolExtensionNames.serverSignatureAlgorithms,
  );
  for (const type of UNHEEDED) config.messages.set(type, Unheeded);
  // The library starts a key re-exchange after 512 MiB, but may send messages after its request, at
  // which servers close the connection. Servers start one on their own when their ciphers need it.
  return Object.assign(config, { keyRotationThreshold: Infinity });
}

class Unheeded extends SshMessage {
  override read(): void {}
}
