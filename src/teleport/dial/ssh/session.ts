/** The library's SSH session with what it lacks to stay up for days with a server of another make. */

import {
  ChannelOpenFailureMessage,
  ChannelOpenMessage,
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
 * SSH_MSG_DEBUG and SSH_MSG_USERAUTH_BANNER, which the library does not know. It would tell the server so,
 * and Go's server closes at that during the login.
 */
const UNHEEDED = [4, 53];

export class TunnelSession extends SshClientSession {
  constructor() {
    super(configuration());
  }

  protected override async handleMessage(
    ...[message, cancellation]: Parameters<SshClientSession["handleMessage"]>
  ): Promise<void> {
    // The library would accept every channel and then wait for a reader.
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
   * The library fails when it is the server that asks for new keys (RFC 4253 §9). From the first of these
   * lines on other messages are held back, and `sendMessage` keeps the order of those before.
   */
  async #joinKeyExchange(): Promise<void> {
    if (this.kexService === null || this.kexService.exchanging) return;
    const [init] = await this.kexService.startKeyExchange(false);
    await this.sendMessage(init);
  }
}

/** The library's defaults, with certificates only and without extensions of its own. */
function configuration(): SshSessionConfiguration {
  const config = new SshSessionConfiguration(true);
  config.publicKeyAlgorithms.splice(0, Infinity, ...certificateAlgorithms());
  config.protocolExtensions.splice(
    0,
    Infinity,
    SshProtocolExtensionNames.serverSignatureAlgorithms,
  );
  for (const type of UNHEEDED) config.messages.set(type, Unheeded);
  // The library asks for new keys after 512 MiB, and messages on their way may then follow the request,
  // which servers answer by closing. Servers ask themselves when their ciphers need it.
  return Object.assign(config, { keyRotationThreshold: Infinity });
}

class Unheeded extends SshMessage {
  override read(): void {}
}
